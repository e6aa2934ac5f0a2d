// Do the caller's tensors fit what the carton declares?
#pragma once

#include <vector>

#include "format/metadata.h"
#include "tensor/tensor.h"

namespace carton {

// Names, dtypes, ranks, fixed dimensions and symbols of all inputs together. Throws INPUT naming the
// tensor, the axis, what was expected and what came.
void check_inputs(const std::vector<format::TensorSpec>& specs, const NamedTensors& inputs);

}  // namespace carton
