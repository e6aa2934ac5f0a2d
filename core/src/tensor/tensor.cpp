#include "tensor/tensor.h"

#include <cstdlib>

#include "base/checked.h"
#include "base/error.h"
#include "base/strings.h"

namespace carton {

std::optional<uint64_t> element_count(const Shape& shape, uint64_t item_size) {
  uint64_t count = 1, extent = item_size == 0 ? 1 : item_size;
  for (int64_t dim : shape) {
    if (dim < 0) return std::nullopt;
    uint64_t size = static_cast<uint64_t>(dim);
    // A zero dimension must not hide an overflow of the others.
    if (size != 0 && mul_overflows(extent, size, &extent)) return std::nullopt;
    count *= size;
  }
  if (extent > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
  return count;
}

std::string shape_text(const Shape& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i != 0) out += ", ";
    out += std::to_string(shape[i]);
  }
  return out + "]";
}

uint64_t checked_count(DType dtype, const Shape& shape) {
  if (shape.size() > static_cast<size_t>(kMaxRank)) {
    throw Error(Code::Limit, text("a tensor has at most ", kMaxRank, " dimensions, got ", shape.size()));
  }
  auto count = element_count(shape, dtype_size(dtype));
  if (!count) {
    throw Error(Code::Invalid, text("shape ", shape_text(shape), " of ", dtype_name(dtype),
                                    " is negative or too large for memory"));
  }
  return *count;
}

Tensor Tensor::allocate(DType dtype, Shape shape) {
  Tensor tensor;
  tensor.dtype = dtype;
  tensor.count = checked_count(dtype, shape);
  tensor.shape = std::move(shape);
  constexpr uint64_t kAlign = 64;
  uint64_t size = (tensor.nbytes() + kAlign) / kAlign * kAlign;
  void* memory = std::aligned_alloc(kAlign, size);
  if (memory == nullptr) {
    throw Error(Code::NoMemory,
                text("cannot allocate ", size, " bytes for a tensor of shape ", shape_text(tensor.shape)));
  }
  tensor.owner = std::shared_ptr<const void>(memory, [](const void* p) { std::free(const_cast<void*>(p)); });
  tensor.data = static_cast<std::byte*>(memory);
  return tensor;
}

Tensor Tensor::of_strings(Shape shape, std::vector<std::string> strings) {
  Tensor tensor;
  tensor.dtype = DType::String;
  tensor.count = checked_count(DType::String, shape);
  if (tensor.count != strings.size()) {
    throw Error(Code::Invalid, text("a string tensor of shape ", shape_text(shape), " has ", tensor.count,
                                    " elements, got ", strings.size(), " strings"));
  }
  tensor.shape = std::move(shape);
  tensor.strings = std::make_shared<const std::vector<std::string>>(std::move(strings));
  return tensor;
}

}  // namespace carton
