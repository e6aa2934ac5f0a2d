/* System calls without libc, and the program's entry point. x86_64 and aarch64. */
#ifndef CARTON_RUNNER_STUB_SYSCALLS_H
#define CARTON_RUNNER_STUB_SYSCALLS_H

#include <asm/unistd.h>

#if defined(__x86_64__)

/* The kernel enters with argc, argv and envp on the stack and no return address. */
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  mov %rsp, %rdi\n"
    "  and $-16, %rsp\n"
    "  call stub_main\n");

static long syscall6(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__)

__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x30, #0\n"
    "  mov x0, sp\n"
    "  bl stub_main\n");

static long syscall6(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}

#else
#error "the stub knows x86_64 and aarch64; add the entry point and syscall6 of this machine"
#endif

/* A system call with up to four arguments; the result is -errno on failure. */
#define sys4(number, a, b, c, d) syscall6((number), (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define sys3(number, a, b, c) sys4(number, a, b, c, 0)
#define sys2(number, a, b) sys3(number, a, b, 0)
#define sys1(number, a) sys2(number, a, 0)

#endif /* CARTON_RUNNER_STUB_SYSCALLS_H */
