// A runner's process, as the host holds it: it ends with this object, and leaves nothing behind.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/fd.h"

namespace carton {

struct ExitStatus {
  enum class Kind {
    Exited,     // `value` is the exit status
    Signalled,  // `value` is the signal
    Unknown     // it has ended, but the application took the status (SIGCHLD ignored, wait() for any child)
  };
  Kind kind = Kind::Unknown;
  int value = 0;
  bool core_dumped = false;

  // "exit status 3", "signal 9 (SIGKILL), likely out of memory or killed"
  std::string text() const;
};

// All members may be called from any thread, several at once; none but wait_exit and terminate block.
class Process {
 public:
  // What launch() hands over. The process leads its own session and process group.
  struct Parts {
    pid_t pid = 0;
    Fd pidfd;               // empty: it had ended, and was reaped by others, before it could be opened
    Fd control;             // SOCK_SEQPACKET, the host's end, close-on-exec, blocking
    Fd out, err;            // read ends of its stdout and stderr, close-on-exec, non-blocking
    std::string directory;  // its private folder (HOME, TMPDIR), removed at the end
  };

  explicit Process(Parts parts);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  // terminate(0): ends the process group, reaps, closes the descriptors, removes the private folder.
  // In a forked child of the host it only closes the child's copies of the descriptors.
  ~Process();

  pid_t pid() const;
  int pidfd() const;  // readable once the process has ended; -1: see Parts
  int control() const;
  int out() const;
  int err() const;
  const std::string& directory() const;

  // Has it ended? Waits up to `timeout` (0: asks only; negative: for ever). When it has, the rest of
  // its process group is killed and it is reaped; every later call gives the same status.
  std::optional<ExitStatus> wait_exit(std::chrono::milliseconds timeout);

  // SIGTERM to the process group, SIGKILL after `grace` (0: at once), then waits for the end. Only
  // processes known to be the runner's are signalled, whoever else waits for the host's children.
  ExitStatus terminate(std::chrono::milliseconds grace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace carton
