/* The stub: a tiny static program between the host and a runner. The host has threads, so it may do
 * nothing between fork and exec; it posix_spawns the stub, which has none, and the stub gives up
 * rights, sets limits, and becomes the runner by execve.
 *
 * It is embedded in libcarton and executed from memory, so it uses no libc (libc of the host's image
 * may differ, static libc may be absent): see syscalls.h.
 *
 * Arguments, as argv[1] and on; settings in any order, then the program:
 *   directory=PATH   working directory (required)
 *   memory=BYTES     RLIMIT_DATA; 0 or absent: none
 *   --               end of the settings; then the program (a path, no search) and its arguments
 * The environment is passed on as it is.
 *
 * Expected of the host: 0, 1 and 2 are the runner's standard streams; 3 is the control socket
 * (SOCK_SEQPACKET); the stub leads its own session (POSIX_SPAWN_SETSID).
 *
 * When a step fails, the stub sends one message on the control socket and exits with 127:
 *   {"type":"exec_failed","errno":2,"step":"execve"}
 * `step` is the name of a step in stub.c. */
#ifndef CARTON_RUNNER_STUB_STUB_H
#define CARTON_RUNNER_STUB_STUB_H

#define CARTON_STUB_CONTROL_FD 3
#define CARTON_STUB_EXIT_STATUS 127

#define CARTON_STUB_DIRECTORY "directory="
#define CARTON_STUB_MEMORY "memory="
#define CARTON_STUB_END "--"

#endif /* CARTON_RUNNER_STUB_STUB_H */
