#include "tensor/dtype.h"

namespace carton {
namespace {

struct Row {
  const char* name;
  uint64_t size;
};

constexpr Row kRows[kDTypeCount] = {
    {"float32", 4}, {"float64", 8}, {"string", 0}, {"int8", 1},    {"int16", 2},
    {"int32", 4},   {"int64", 8},   {"uint8", 1},  {"uint16", 2},  {"uint32", 4},
    {"uint64", 8},  {"nested", 0},  {"bool", 1},   {"float16", 2}, {"bfloat16", 2},
};

}  // namespace

const char* dtype_name(DType dtype) { return kRows[static_cast<int32_t>(dtype)].name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (int32_t i = 0; i < kDTypeCount; ++i) {
    if (name == kRows[i].name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

std::optional<DType> dtype_from_number(int64_t number) {
  if (number < 0 || number >= kDTypeCount) return std::nullopt;
  return static_cast<DType>(number);
}

uint64_t dtype_size(DType dtype) { return kRows[static_cast<int32_t>(dtype)].size; }

DType v1_stand_in(DType dtype) {
  if (dtype == DType::Bool) return DType::UInt8;
  if (dtype == DType::Float16 || dtype == DType::BFloat16) return DType::UInt16;
  return dtype;
}

}  // namespace carton
