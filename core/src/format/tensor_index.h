// tensor_data/index.toml and the files it names: the tensors of self tests and examples.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "format/limits.h"
#include "tensor/tensor.h"

namespace carton::format {

inline constexpr const char* kTensorIndexPath = "tensor_data/index.toml";

struct IndexedTensor {
  std::string name;
  DType dtype = DType::Float32;    // the real one, or Nested
  Shape shape;                     // empty for nested
  std::string path;                // in the carton: "tensor_data/tensor_0.bin"; empty for nested
  std::vector<std::string> inner;  // nested: names of the tensors it is a list of
  uint64_t count = 0;              // elements

  uint64_t nbytes() const { return count * dtype_size(dtype); }
};

struct TensorIndex {
  std::map<std::string, IndexedTensor, std::less<>> tensors;

  // Throws FORMAT naming the entry, LIMIT. Whether the files exist is for the caller to check.
  static TensorIndex parse(std::string_view toml, const Limits& limits = {});
  // nullptr when there is none.
  const IndexedTensor* find(std::string_view name) const;
};

// The tensor whose file holds `bytes`: little-endian elements in C order, or a TOML list of strings.
// FORMAT when length or count is not what the index says; UNSUPPORTED for a nested tensor.
Tensor decode_tensor(const IndexedTensor& entry, std::string_view bytes, const Limits& limits = {});

}  // namespace carton::format
