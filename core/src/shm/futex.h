// Sleeping on a 32-bit word, within a process or across two.
#pragma once

#include <atomic>
#include <cstdint>

namespace carton::shm {

using Word = std::atomic<uint32_t>;
static_assert(sizeof(Word) == 4 && Word::is_always_lock_free);

inline constexpr int64_t kForever = INT64_MAX;

// Nanoseconds of CLOCK_MONOTONIC.
int64_t now_ns();

// Sleeps while `*word == expected`, until woken or until `deadline_ns` of CLOCK_MONOTONIC. May wake
// without reason: callers check their condition again. The word may lie in read-only memory.
void wait(const Word* word, uint32_t expected, int64_t deadline_ns);
void wake_all(const Word* word);
void wake_one(const Word* word);

// Sleeps while `*shared == expected` and `*own == own_expected`; `own` is private to this process. One
// kernel call since Linux 5.16; before, slices of at most 5 ms on `shared`.
void wait_either(const Word* shared, uint32_t expected, const Word* own, uint32_t own_expected,
                 int64_t deadline_ns);

}  // namespace carton::shm
