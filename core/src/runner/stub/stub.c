/* See stub.h. Each step gives up one thing; to add one, write a function and put it in `steps`. */
#include "stub.h"

#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <stddef.h>
#include <stdint.h>

#include "syscalls.h"

struct settings {
  const char* directory;
  uint64_t memory; /* 0: no limit */
  char** program;  /* path and arguments, NULL at the end; NULL: none was given */
  char** environment;
};

struct step {
  const char* name;
  int (*run)(const struct settings* settings); /* 0 or an errno */
};

/* What follows `prefix` in `text`, or NULL. */
static const char* after(const char* text, const char* prefix) {
  for (; *prefix != 0; ++text, ++prefix) {
    if (*text != *prefix) return NULL;
  }
  return text;
}

static uint64_t number_in(const char* text) {
  uint64_t value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) value = value * 10 + (uint64_t)(*text - '0');
  return value;
}

/* Decimal digits of `value`; returns the end. */
static char* put_number(char* out, unsigned value) {
  if (value >= 10) out = put_number(out, value / 10);
  *out = (char)('0' + value % 10);
  return out + 1;
}

static char* put_text(char* out, const char* text) {
  while (*text != 0) *out++ = *text++;
  return out;
}

/* ---- The steps ---- */

static int no_new_privileges(const struct settings* settings) {
  (void)settings;
  return (int)-syscall6(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0);
}

/* In want of memory the kernel shall end the runner and not the host, which may be the bigger one.
 * Best effort: there may be no /proc. The score can only be raised without privilege. */
static int raise_oom_score(const struct settings* settings) {
  (void)settings;
  long fd = sys4(__NR_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) return 0;
  char text[16] = {0};
  sys3(__NR_read, fd, text, sizeof text - 1);
  uint64_t now = number_in(text); /* a negative score reads as 0 */
  unsigned wanted = now < 700 ? 800 : now < 900 ? (unsigned)now + 100 : 1000;
  char* end = put_number(text, wanted);
  sys3(__NR_write, fd, text, end - text);
  sys1(__NR_close, fd);
  return 0;
}

static int private_umask(const struct settings* settings) {
  (void)settings;
  sys1(__NR_umask, 077);
  return 0;
}

/* Whatever the host has open and did not mark close-on-exec. */
static int close_descriptors(const struct settings* settings) {
  (void)settings;
  const unsigned first = CARTON_STUB_CONTROL_FD + 1;
  if (sys3(__NR_close_range, first, ~0U, 0) == 0) return 0;
  struct rlimit64 {
    uint64_t soft, hard;
  } limit = {0, 0}; /* Linux before 5.9, or a filter that does not know close_range */
  sys4(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, &limit);
  uint64_t end = limit.hard < (1U << 20) ? limit.hard : (1U << 20);
  for (uint64_t fd = first; fd < end; ++fd) sys1(__NR_close, fd);
  return 0;
}

/* Lowers soft and hard limit; a lower one that is already there stays. */
static int lower_limit(int resource, uint64_t value) {
  struct {
    uint64_t soft, hard;
  } limit;
  long result = sys4(__NR_prlimit64, 0, resource, 0, &limit);
  if (result < 0) return (int)-result;
  if (limit.hard > value) limit.hard = value;
  limit.soft = limit.hard;
  return (int)-sys4(__NR_prlimit64, 0, resource, &limit, 0);
}

static int limit_resources(const struct settings* settings) {
  int error = lower_limit(RLIMIT_CORE, 0);
  if (error == 0) error = lower_limit(RLIMIT_NOFILE, 1024);
  if (error == 0) error = lower_limit(RLIMIT_FSIZE, (uint64_t)4 << 30); /* memfds too */
  /* Not RLIMIT_AS: CUDA and torch reserve far more address space than they use. */
  if (error == 0 && settings->memory != 0) error = lower_limit(RLIMIT_DATA, settings->memory);
  return error;
}

static int change_directory(const struct settings* settings) {
  return (int)-sys1(__NR_chdir, settings->directory);
}

/* The host may block or ignore signals, and both outlive exec. */
static int reset_signals(const struct settings* settings) {
  (void)settings;
  const unsigned long action[8] = {0}; /* SIG_DFL, no flags, empty mask; larger than struct sigaction */
  const unsigned long none = 0;
  for (int signal = 1; signal <= 64; ++signal) sys4(__NR_rt_sigaction, signal, action, 0, sizeof none);
  return (int)-sys4(__NR_rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof none);
}

static int execute(const struct settings* settings) {
  return (int)-sys3(__NR_execve, settings->program[0], settings->program, settings->environment);
}

static const struct step steps[] = {
    {"no_new_privileges", no_new_privileges}, {"raise_oom_score", raise_oom_score},
    {"private_umask", private_umask},         {"close_descriptors", close_descriptors},
    {"limit_resources", limit_resources},     {"change_directory", change_directory},
    {"reset_signals", reset_signals},         {"execve", execute},
};

/* ---- */

static int parse(char** argument, struct settings* settings) {
  for (; *argument != NULL; ++argument) {
    const char* value;
    if ((value = after(*argument, CARTON_STUB_DIRECTORY)) != NULL) {
      settings->directory = value;
    } else if ((value = after(*argument, CARTON_STUB_MEMORY)) != NULL) {
      settings->memory = number_in(value);
    } else if ((value = after(*argument, CARTON_STUB_END)) != NULL && *value == 0) {
      settings->program = argument + 1;
      return settings->program[0] != NULL && settings->directory != NULL ? 0 : EINVAL;
    } else {
      return EINVAL;
    }
  }
  return EINVAL;
}

static void fail(const char* step, int error) {
  char message[128];
  char* end = put_text(message, "{\"type\":\"exec_failed\",\"errno\":");
  end = put_number(end, (unsigned)error);
  end = put_text(end, ",\"step\":\"");
  end = put_text(end, step);
  end = put_text(end, "\"}");
  sys3(__NR_write, CARTON_STUB_CONTROL_FD, message, end - message);
  for (;;) sys1(__NR_exit_group, CARTON_STUB_EXIT_STATUS);
}

/* `stack` as the kernel left it: argc, argv[argc], NULL, envp[], NULL. */
__attribute__((noreturn, used)) void stub_main(long* stack) {
  char** arguments = (char**)(stack + 1);
  struct settings settings = {NULL, 0, NULL, arguments + stack[0] + 1};
  int error = stack[0] < 1 ? EINVAL : parse(arguments + 1, &settings);
  if (error != 0) fail("arguments", error);
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; ++i) {
    error = steps[i].run(&settings);
    if (error != 0) fail(steps[i].name, error);
  }
  fail("execve", EINVAL); /* not reached: execve returns only when it fails */
  __builtin_unreachable();
}
