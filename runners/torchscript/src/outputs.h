// What forward returned, as the answer of a request.
#pragma once

#include <ATen/core/ivalue.h>

#include <string_view>
#include <vector>

#include "runner.h"

namespace carton::torchscript {

class OutputWriter {
 public:
  // Dict[str, ...] of tensors (any device and strides; they arrive contiguous), str and lists of str.
  // UNSUPPORTED, naming the key, the type and what to do, for anything else. Outputs that were added
  // before the error stay added.
  void write(const c10::IValue& result, runner::Outputs& outputs);

 private:
  void write_value(std::string_view name, const c10::IValue& value, runner::Outputs& outputs);
  void write_tensor(std::string_view name, const at::Tensor& tensor, runner::Outputs& outputs);
  void write_list(std::string_view name, const c10::IValue& value, runner::Outputs& outputs);

  // Kept from request to request for their memory.
  std::vector<int64_t> shape_;
  std::vector<std::string_view> strings_;
};

}  // namespace carton::torchscript
