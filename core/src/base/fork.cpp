#include "base/fork.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace carton {
namespace {

using Generation = std::atomic<uint32_t>;

Generation* wiped_page() {
  static Generation* page = [] {
    void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return static_cast<Generation*>(nullptr);
    ::madvise(memory, 4096, MADV_WIPEONFORK);
    return new (memory) Generation(0);
  }();
  return page;
}

}  // namespace

uint32_t process_generation() {
  Generation* page = wiped_page();
  if (page == nullptr) return static_cast<uint32_t>(::getpid());
  uint32_t value = page->load(std::memory_order_relaxed);
  if (value != 0) return value;
  // First use in this process: its pid, which no living relative shares.
  value = static_cast<uint32_t>(::getpid());
  page->store(value, std::memory_order_relaxed);
  return value;
}

}  // namespace carton
