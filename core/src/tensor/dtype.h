// Element types. The numbers are those of carton.h; the names are the ones written in files.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace carton {

enum class DType : int32_t {
  Float32 = 0,
  Float64 = 1,
  String = 2,
  Int8 = 3,
  Int16 = 4,
  Int32 = 5,
  Int64 = 6,
  UInt8 = 7,
  UInt16 = 8,
  UInt32 = 9,
  UInt64 = 10,
  Nested = 11,
  Bool = 12,
  Float16 = 13,
  BFloat16 = 14,
};

inline constexpr int32_t kDTypeCount = 15;

const char* dtype_name(DType dtype);
std::optional<DType> dtype_from_name(std::string_view name);  // exact, lower case
std::optional<DType> dtype_from_number(int64_t number);
// Bytes per element; 0 for String and Nested.
uint64_t dtype_size(DType dtype);
// The dtype of equal width by which files name a dtype that format v1 lacks: bool -> uint8,
// float16 and bfloat16 -> uint16; any other is its own stand-in.
DType v1_stand_in(DType dtype);

}  // namespace carton
