#include "model.h"

#include <nanobind/stl/unique_ptr.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "call.h"
#include "convert.h"
#include "errors.h"

namespace nb = nanobind;

namespace carton::python {

static std::vector<Model*> live_models;  // guarded by the GIL

Model::Model(carton_model* model) : model_(model) { live_models.push_back(this); }

Model::~Model() {
  live_models.erase(std::find(live_models.begin(), live_models.end(), this));
  if (!made_here_) return;
  GilReleased released;
  carton_model_free(model_);
}

nb::object Model::infer(nb::handle inputs, int64_t timeout_ms) {
  Call call(model_, tensors_from_python(inputs), timeout_ms, Call::kSliceMs);
  call.wait();
  return call.take();
}

nb::object Model::start(nb::handle inputs, int64_t timeout_ms) {
  auto call = std::make_unique<Call>(model_, tensors_from_python(inputs), timeout_ms,
                                     pace_->quick() ? Pace::kPatienceMs : 0, pace_);
  if (call->done()) return call->take();
  return nb::cast(std::move(call));
}

Info Model::info() const {
  carton_info* info = nullptr;
  carton_error* error = nullptr;
  check(carton_model_info(model_, &info, &error), error);
  return Info(InfoPtr(info));
}

int64_t Model::runner_pid() const { return carton_model_runner_pid(model_); }

nb::str Model::runner_json() const {
  const char* json = carton_model_runner_json(model_);
  return nb::steal<nb::str>(decode(json, std::strlen(json)));
}

void Model::close() {
  carton_error* error = nullptr;
  int32_t status;
  {
    GilReleased released;
    status = carton_model_close(model_, &error);
  }
  check(status, error);
}

// Other threads may drop models while the GIL is released: the list is read anew for each.
void close_all_models() {
  std::vector<Model*> closed;
  for (;;) {
    auto open = std::find_if(live_models.begin(), live_models.end(), [&](Model* model) {
      return model->made_here_ && std::find(closed.begin(), closed.end(), model) == closed.end();
    });
    if (open == live_models.end()) return;
    closed.push_back(*open);
    nb::object held = nb::find(**open);
    GilReleased released;
    carton_model_close((*open)->model_, nullptr);
  }
}

void register_model(nb::module_& module) {
  nb::class_<Model>(module, "Model", nb::is_weak_referenceable(), "A loaded carton (carton_model).")
      .def("infer", &Model::infer, nb::arg("inputs").none(), nb::arg("timeout_ms"),
           "Run the model and wait for its outputs: a dict of numpy arrays. timeout_ms -1: no deadline.")
      .def("start", &Model::start, nb::arg("inputs").none(), nb::arg("timeout_ms"),
           "The outputs, when they come at once; else a Call.")
      .def("info", &Model::info)
      .def_prop_ro("runner_pid", &Model::runner_pid, "0 when the runner has ended.")
      .def_prop_ro("runner_json", &Model::runner_json, "Name, version and path of the runner, as JSON.")
      .def("close", &Model::close, "End the runner; blocks until it is gone.");
}

}  // namespace carton::python
