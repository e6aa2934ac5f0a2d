#include "call.h"

#include <vector>

#include "convert.h"
#include "errors.h"

namespace nb = nanobind;

namespace carton::python {

Call::Call(carton_model* model, TensorsPtr inputs, int64_t timeout_ms, int64_t wait_ms,
           std::shared_ptr<Pace> pace)
    : inputs_(std::move(inputs)), pace_(std::move(pace)) {
  carton_infer_options options;
  carton_infer_options_init(&options);
  options.timeout_ms = timeout_ms;
  carton_error* error = nullptr;
  int32_t status, done = 0;
  {
    GilReleased released;
    status = carton_model_start(model, inputs_.get(), &options, &call_, &error);
    if (status == CARTON_OK) status = carton_call_wait(call_, wait_ms, &done, &error);
  }
  done_ = done != 0;
  keep_pace();
  if (status == CARTON_OK) return;
  carton_call_free(call_);  // no destructor runs for an object that was never made
  check(status, error);
}

// At the end of each wait, and so of the first of a slow call: those started beside it do not wait too.
void Call::keep_pace() {
  if (pace_) pace_->saw(done_, (std::chrono::steady_clock::now() - began_) / std::chrono::nanoseconds(1));
}

Call::~Call() {
  if (made_here_) carton_call_free(call_);
}

void Call::wait() {
  while (!done_) {
    if (PyErr_CheckSignals() != 0) {
      nb::python_error interrupted;
      cancel();
      throw interrupted;
    }
    wait_for(kSliceMs);
  }
}

bool Call::wait_for(int64_t wait_ms) {
  if (done_) return true;
  int32_t status, done = 0;
  carton_error* error = nullptr;
  {
    GilReleased released;
    status = carton_call_wait(call_, wait_ms, &done, &error);
  }
  check(status, error);
  done_ = done != 0;
  keep_pace();
  return done_;
}

// Without the GIL, once for all of them: taking it again may last, when Python computes on another thread.
nb::list Call::poll(const nb::list& calls) {
  std::vector<Call*> polled;
  for (nb::handle call : calls) polled.push_back(nb::cast<Call*>(call));
  {
    GilReleased released;
    for (Call* call : polled) {
      int32_t done = 0;
      if (!call->done_ && carton_call_wait(call->call_, 0, &done, nullptr) == CARTON_OK)
        call->done_ = done != 0;
    }
  }
  nb::list ended;
  for (Call* call : polled) ended.append(call->done_);
  return ended;
}

nb::object Call::take() {
  carton_tensors* outputs = nullptr;
  carton_error* error = nullptr;
  check(carton_call_take(call_, &outputs, &error), error);
  TensorsPtr owned(outputs);
  return dict_from_tensors(outputs);
}

void Call::cancel() {
  if (made_here_) carton_call_cancel(call_, nullptr);
}

void register_call(nb::module_& module) {
  nb::class_<Call>(module, "Call", nb::is_weak_referenceable(), "An inference in flight (carton_call).")
      .def("wait_for", &Call::wait_for, nb::arg("wait_ms"), "Block for a while; whether the call has ended.")
      .def_static("poll", &Call::poll, nb::arg("calls"), "Which of the calls have ended, without blocking.")
      .def("take", &Call::take, "The outputs of a call that has ended, once; or its error.")
      .def("cancel", &Call::cancel, "Give the call up; does not block.");
}

}  // namespace carton::python
