// cartonml._native.Call: carton_call, an inference that was started.
#pragma once

#include <nanobind/nanobind.h>

#include "handles.h"
#include "interpreter.h"

namespace carton::python {

class Call {
 public:
  // Between slices of a wait, signals (Ctrl-C) are looked at.
  static constexpr int64_t kSliceMs = 50;

  // Starts, and waits for up to `wait_ms`, both without the GIL.
  Call(carton_model* model, TensorsPtr inputs, int64_t timeout_ms, int64_t wait_ms);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  bool done() const { return done_; }
  // Blocks until the call has ended, in whatever way. A signal's exception cancels it and is raised.
  void wait();
  nanobind::object take();
  // Never blocks. Any thread; ends a wait() on another one.
  void cancel();

 private:
  TensorsPtr inputs_;  // here, so that arrays are dropped with the GIL held
  carton_call* call_ = nullptr;
  MadeHere made_here_;
  bool done_ = false;  // for the thread that waits
};

void register_call(nanobind::module_& module);

}  // namespace carton::python
