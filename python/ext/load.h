// cartonml._native.Load: a carton_load on a thread of its own, to be waited for.
#pragma once

#include <carton/carton.h>
#include <nanobind/nanobind.h>

#include <memory>
#include <optional>
#include <string>

#include "interpreter.h"
#include "model.h"

namespace carton::python {

// carton_load_options with strings of its own; empty: not set.
struct LoadRequest {
  std::string location;
  std::optional<std::string> visible_device, runner_name, required_framework_version, runner_opts;
  carton_load_options options;
};

class Load {
 public:
  explicit Load(LoadRequest request);
  ~Load() { abandon(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Blocks until the load has ended or was abandoned. A signal's exception abandons it and is raised.
  void wait();
  // The model of a load that has ended, once; or its error.
  std::unique_ptr<Model> take();
  // The model is closed as soon as it is there, on a thread of its own.
  void abandon();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the thread, which may outlive this object
  MadeHere made_here_;
};

void register_load(nanobind::module_& module);

}  // namespace carton::python
