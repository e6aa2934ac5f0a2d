// Starts the stub (stub/stub.h) as a child process; the mechanics below launch.h.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"

namespace carton {

struct SpawnRequest {
  std::vector<std::string> arguments, environment;
  // What the child gets as 1, 2 and 3; each from above_standard(), so that none overwrites another.
  int out = -1, err = -1, control = -1;
};

// The same open file under a close-on-exec number that no child's standard descriptor has.
Fd above_standard(Fd fd);

// Executes the stub from memory or, where the system forbids that, from a file that lies in `folder`
// meanwhile. Throws RUNNER_START, IO, NO_SPACE, NO_MEMORY.
pid_t spawn_stub(const std::string& folder, SpawnRequest& request);

}  // namespace carton
