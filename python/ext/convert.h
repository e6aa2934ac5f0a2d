// Python values <-> libcarton's tensors. All functions need the GIL and throw cartonml's InputError, naming
// the input, for a value that Carton does not carry.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "handles.h"

namespace carton::python {

// Where a value came from, for messages.
struct InputName {
  const char* name;
  std::string text() const;  // "input `a`"
};

[[noreturn]] void raise_input(const InputName& name, const std::string& problem, const std::string& hint);

// The name of `object`'s type, as users write it: "torch.Tensor", "list".
std::string type_of(nanobind::handle object);

// A dict (or other mapping) of names to values.
TensorsPtr tensors_from_python(nanobind::handle inputs);
// Any value that Carton carries; arrays are borrowed where they are contiguous, else copied.
TensorPtr tensor_from_python(const InputName& name, nanobind::handle value);

// One source each. `array` is a numpy array (subclasses too).
TensorPtr tensor_from_array(const InputName& name, nanobind::handle array);
TensorPtr tensor_from_dlpack(const InputName& name, nanobind::handle exporter);
TensorPtr tensor_from_str(const InputName& name, nanobind::handle text);
TensorPtr tensor_from_sequence(const InputName& name, nanobind::handle list_or_tuple);
TensorPtr tensor_from_unicode_array(const InputName& name, nanobind::handle array);
TensorPtr tensor_from_object_array(const InputName& name, nanobind::handle array);

// Borrows row-major or strided (in elements; nullptr: row-major) memory; `owner` is kept alive.
TensorPtr borrow_memory(const InputName& name, int32_t dtype, const int64_t* shape, const int64_t* strides,
                        int32_t rank, const void* data, nanobind::handle owner);

// A numpy array over the tensor's memory (which it keeps); strings are copied.
nanobind::object array_from_tensor(carton_tensor* tensor);
// A dict in the order of the outputs.
nanobind::dict dict_from_tensors(const carton_tensors* outputs);

}  // namespace carton::python
