// Starts a runner through the stub (stub/stub.h): closed environment, closed descriptors, limits. Any
// thread; nothing runs between fork and exec in the host, which may have threads of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "runner/process.h"

namespace carton {

struct LaunchSpec {
  std::string program;                 // absolute path of the executable
  std::vector<std::string> arguments;  // argv[1] and on; argv[0] is the program
  std::string visible_devices;         // CUDA_VISIBLE_DEVICES; "" hides every GPU
  // Variables added to the closed environment; they win over the ones of runner_environment().
  std::vector<std::pair<std::string, std::string>> environment;
  uint64_t memory = 0;    // cap on its data memory in bytes (RLIMIT_DATA); 0: none
  std::string directory;  // working directory; "": its private folder
};

// The runner gets /dev/null as 0, pipes as 1 and 2, the control socket as 3, and no other descriptor.
// Returns when the stub runs. Whether the runner's own program could be executed comes later, through
// the control socket: see start_error. Throws RUNNER_START, or NO_SPACE, NO_MEMORY, IO where the
// host ran out of something. A failed launch leaves nothing behind.
Process launch(const LaunchSpec& spec);

// The whole environment of a runner as "NAME=value": fixed values, HOME and TMPDIR in `home`,
// CUDA_VISIBLE_DEVICES, and `additions`. Nothing of the host's environment.
std::vector<std::string> runner_environment(
    const std::string& home, const std::string& visible_devices,
    const std::vector<std::pair<std::string, std::string>>& additions);

// The stub's last message on the control socket when it could not become the runner:
// {"type": "exec_failed", "errno": 2, "step": "execve"}. The process then exits with status 127.
inline constexpr std::string_view kExecFailed = "exec_failed";

// RUNNER_START for such a failure: what failed, why, and what to do about it. `step` is the stub's;
// `log` is what stderr held.
Error start_error(const std::string& program, std::string_view step, int errno_value, std::string log = {});

}  // namespace carton
