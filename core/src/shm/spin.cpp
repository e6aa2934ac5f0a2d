#include "shm/spin.h"

#include <sched.h>

namespace carton::shm {

bool can_spin() {
  static const bool result = [] {
    cpu_set_t cpus;
    return ::sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) > 1;
  }();
  return result;
}

}  // namespace carton::shm
