// Telling a forked child from the process that made a handle. A child shares the parent's mappings and
// sockets, but has none of its threads: it must not touch what it inherited.
#pragma once

#include <cstdint>

namespace carton {

// A number that differs between a process and its forked children. Cheap: one read of a page that the
// kernel wipes in the child.
uint32_t process_generation();

class ForkGuard {
 public:
  ForkGuard() : generation_(process_generation()) {}
  bool forked() const { return generation_ != process_generation(); }

 private:
  uint32_t generation_;
};

}  // namespace carton
