// The handles of carton.h as owning pointers.
#pragma once

#include <carton/carton.h>

#include <memory>

namespace carton::python {

template <auto free_handle>
struct Free {
  template <typename Handle>
  void operator()(Handle* handle) const {
    free_handle(handle);
  }
};

using ErrorPtr = std::unique_ptr<carton_error, Free<carton_error_free>>;
using TensorPtr = std::unique_ptr<carton_tensor, Free<carton_tensor_free>>;
using TensorsPtr = std::unique_ptr<carton_tensors, Free<carton_tensors_free>>;
using InfoPtr = std::unique_ptr<carton_info, Free<carton_info_free>>;
using TextPtr = std::unique_ptr<char, Free<carton_string_free>>;

}  // namespace carton::python
