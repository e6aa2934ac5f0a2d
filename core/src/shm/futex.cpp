#include "shm/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

namespace carton::shm {
namespace {

// As in <linux/futex.h> since 5.16; declared here because Debian 12's libc headers may be older.
struct WaitEntry {
  uint64_t value;
  uint64_t address;
  uint32_t flags;
  uint32_t reserved;
};
constexpr uint32_t kSize32 = 0x02;

timespec to_timespec(int64_t ns) {
  timespec out{};
  out.tv_sec = static_cast<time_t>(ns / 1'000'000'000);
  out.tv_nsec = static_cast<long>(ns % 1'000'000'000);
  return out;
}

uint32_t* address_of(const Word* word) { return reinterpret_cast<uint32_t*>(const_cast<Word*>(word)); }

std::atomic<bool> waitv_missing{false};

}  // namespace

int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

void wait(const Word* word, uint32_t expected, int64_t deadline_ns) {
  // FUTEX_WAIT_BITSET takes an absolute time, so a signal in between does not stretch the wait.
  timespec deadline = to_timespec(deadline_ns);
  ::syscall(SYS_futex, address_of(word), FUTEX_WAIT_BITSET, expected,
            deadline_ns == kForever ? nullptr : &deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
}

void wake_all(const Word* word) {
  ::syscall(SYS_futex, address_of(word), FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void wake_one(const Word* word) {
  ::syscall(SYS_futex, address_of(word), FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

void wait_either(const Word* shared, uint32_t expected, const Word* own, uint32_t own_expected,
                 int64_t deadline_ns) {
  if (!waitv_missing.load(std::memory_order_relaxed)) {
    WaitEntry entries[2] = {
        {expected, reinterpret_cast<uint64_t>(address_of(shared)), kSize32, 0},
        {own_expected, reinterpret_cast<uint64_t>(address_of(own)), kSize32, 0},
    };
    timespec deadline = to_timespec(deadline_ns);
    long got = ::syscall(SYS_futex_waitv, entries, 2, 0, deadline_ns == kForever ? nullptr : &deadline,
                         CLOCK_MONOTONIC);
    if (got >= 0 || (errno != ENOSYS && errno != EPERM)) return;
    waitv_missing.store(true, std::memory_order_relaxed);
  }
  if (own->load(std::memory_order_acquire) != own_expected) return;
  constexpr int64_t kSlice = 5'000'000;
  wait(shared, expected, std::min(deadline_ns, now_ns() + kSlice));
}

}  // namespace carton::shm
