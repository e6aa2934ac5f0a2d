/* The loop of the C and C++ benchmark programs. After a warm-up the program prints "ready"; for every
 * line with a number N on standard input it calls `call` N times and prints the nanoseconds that took,
 * as the Python programs do (counted_loop in worker.py). `call` returns 0 when the answer was right. */
#ifndef CARTON_BENCHMARKS_COUNTED_LOOP_H
#define CARTON_BENCHMARKS_COUNTED_LOOP_H

#include <stdio.h>
#include <time.h>

static long long counted_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int counted_run(int (*call)(void*), void* context, long count) {
  for (long i = 0; i < count; ++i) {
    if (call(context) != 0) {
      fprintf(stderr, "a call failed or gave a wrong answer\n");
      return 1;
    }
  }
  return 0;
}

static int counted_loop(int (*call)(void*), void* context) {
  long count = 0;
  if (counted_run(call, context, 2000) != 0) return 1;
  printf("ready\n");
  fflush(stdout);
  while (scanf("%ld", &count) == 1) {
    const long long start = counted_now();
    if (counted_run(call, context, count) != 0) return 1;
    printf("%lld\n", counted_now() - start);
    fflush(stdout);
  }
  return 0;
}

#endif
