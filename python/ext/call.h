// cartonml._native.Call: carton_call, an inference that was started.
#pragma once

#include <nanobind/nanobind.h>

#include <atomic>
#include <chrono>
#include <memory>

#include "handles.h"
#include "interpreter.h"

namespace carton::python {

// How soon a model has answered lately. An event loop may wait for an answer that comes sooner than a thread
// could take the waiting over, but not for others.
class Pace {
 public:
  static constexpr int64_t kPatienceMs = 1;

  bool quick() const { return last_ns_.load(std::memory_order_relaxed) < kQuickNs; }
  // A call has taken `ns` until now.
  void saw(bool done, int64_t ns) {
    if (done || ns >= kQuickNs) last_ns_.store(ns, std::memory_order_relaxed);
  }

 private:
  static constexpr int64_t kQuickNs = 300'000;
  std::atomic<int64_t> last_ns_{0};
};

class Call {
 public:
  // Between slices of a wait, signals (Ctrl-C) are looked at.
  static constexpr int64_t kSliceMs = 50;

  // Starts, and waits for up to `wait_ms`, both without the GIL.
  Call(carton_model* model, TensorsPtr inputs, int64_t timeout_ms, int64_t wait_ms,
       std::shared_ptr<Pace> pace = nullptr);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  bool done() const { return done_; }
  // Blocks until the call has ended, in whatever way. A signal's exception cancels it and is raised.
  void wait();
  // Blocks for up to `wait_ms`. True when the call has ended.
  bool wait_for(int64_t wait_ms);
  // Which of the calls have ended; does not block.
  static nanobind::list poll(const nanobind::list& calls);
  nanobind::object take();
  // Never blocks. Any thread; ends a wait() on another one.
  void cancel();

 private:
  void keep_pace();

  TensorsPtr inputs_;  // here, so that arrays are dropped with the GIL held
  carton_call* call_ = nullptr;
  MadeHere made_here_;
  std::shared_ptr<Pace> pace_;  // the model's; nullptr: nobody asks
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  bool done_ = false;  // for the one thread that waits, and those that it tells
};

void register_call(nanobind::module_& module);

}  // namespace carton::python
