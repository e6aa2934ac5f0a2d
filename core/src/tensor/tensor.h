// A tensor as every layer of the host passes it: dtype, shape, and either contiguous row-major bytes
// or strings. Copying a Tensor shares its data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tensor/dtype.h"

namespace carton {

inline constexpr int32_t kMaxRank = 32;

using Shape = std::vector<int64_t>;  // dimensions >= 0; empty = a scalar

// Product of the dimensions; nullopt when one is negative or the product, or the product of the
// non-zero dimensions times `item_size`, exceeds 2^63 - 1.
std::optional<uint64_t> element_count(const Shape& shape, uint64_t item_size = 1);

// The same for a tensor that a caller makes: throws LIMIT for too many dimensions, INVALID where there
// is no such number.
uint64_t checked_count(DType dtype, const Shape& shape);

// "[2, 3]"; "[]" for a scalar.
std::string shape_text(const Shape& shape);

struct Tensor {
  DType dtype = DType::Float32;
  Shape shape;
  uint64_t count = 0;                 // elements
  std::byte* data = nullptr;          // numeric only; count * dtype_size(dtype) bytes, C order
  std::shared_ptr<const void> owner;  // keeps `data` alive
  std::shared_ptr<const std::vector<std::string>> strings;  // DType::String only, `count` of them

  uint64_t nbytes() const { return count * dtype_size(dtype); }

  // Uninitialised memory, 64-byte aligned. INVALID for a bad shape, NO_MEMORY.
  static Tensor allocate(DType dtype, Shape shape);
  static Tensor of_strings(Shape shape, std::vector<std::string> strings);
};

// In insertion order, names unique. Small: searched linearly.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

}  // namespace carton
