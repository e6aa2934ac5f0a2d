// Adaptive spinning: a short busy wait before sleeping, spent only while it pays.
#pragma once

#include <atomic>
#include <cstdint>

#include "shm/futex.h"

namespace carton::shm {

// More than one CPU for this process? Spinning on one would keep the peer from running.
bool can_spin();

inline void cpu_relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Remembers whether recent waits ended within the budget. Used by one or more threads; the memory is
// a hint, so races on it are harmless.
class Spinner {
 public:
  explicit Spinner(int64_t budget_ns) : budget_ns_(budget_ns) {}

  // Waits until `ready()`; true if it came within the budget, false if the caller should sleep.
  template <typename Ready>
  bool spin(const Ready& ready) {
    if (ready()) return true;
    if (!can_spin() || trust_.load(std::memory_order_relaxed) <= 0) return false;
    int64_t end = now_ns() + budget_ns_;
    do {
      for (int i = 0; i < kChecksPerClock; ++i) {
        if (ready()) {
          learn(+1);
          return true;
        }
        cpu_relax();
      }
    } while (now_ns() < end);
    learn(-kPenalty);
    return false;
  }

  // After a sleep: how long the peer took, without the time that falling asleep and waking up cost.
  // Short ones earn the right to spin again. Any number is harmless.
  void slept(int64_t peer_ns) {
    if (peer_ns >= 0 && peer_ns < budget_ns_) learn(+1);
  }

 private:
  static constexpr int kChecksPerClock = 32;
  static constexpr int kMaxTrust = 8;
  static constexpr int kPenalty = 2;

  void learn(int change) {
    int trust = trust_.load(std::memory_order_relaxed) + change;
    trust_.store(trust > kMaxTrust ? kMaxTrust : (trust < 0 ? 0 : trust), std::memory_order_relaxed);
  }

  int64_t budget_ns_;
  std::atomic<int> trust_{kMaxTrust};
};

}  // namespace carton::shm
