// The runner's options: `[runner.opts]` of the carton with the caller's laid over them.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "runner.h"

namespace carton::torchscript {

enum class InferenceMode { Auto, On, Off };

struct Options {
  std::optional<int> num_threads;  // of one operator; unset: libtorch's choice, the cores of the machine
  int num_interop_threads = 1;     // of torch.jit.fork
  InferenceMode inference_mode = InferenceMode::Auto;
};

// INVALID for a known option of the wrong type or value. Options that are not known are logged as
// warnings and ignored, so that a carton made for a newer runner still loads.
Options parse_options(const std::map<std::string, runner::OptionValue>& values);

}  // namespace carton::torchscript
