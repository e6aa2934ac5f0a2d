// cartonml._native.Model: carton_model.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>

#include "call.h"
#include "handles.h"
#include "info.h"
#include "interpreter.h"

namespace carton::python {

class Model {
 public:
  explicit Model(carton_model* model);  // takes it over
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // Blocks until the outputs are there. -1: no deadline.
  nanobind::object infer(nanobind::handle inputs, int64_t timeout_ms);
  // The outputs when they come at once, else a Call to wait for.
  nanobind::object start(nanobind::handle inputs, int64_t timeout_ms);
  Info info() const;
  int64_t runner_pid() const;
  nanobind::str runner_json() const;
  void close();

 private:
  friend void close_all_models();

  carton_model* model_;
  std::shared_ptr<Pace> pace_ = std::make_shared<Pace>();
  MadeHere made_here_;
};

// Closes every model of this process that is still open.
void close_all_models();

void register_model(nanobind::module_& module);

}  // namespace carton::python
