// Part of carton.hpp: element types, and which C++ type stands for which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "carton/carton.h"

namespace carton {
inline namespace v1 {

enum class DType : std::int32_t {
  Float32 = CARTON_FLOAT32,
  Float64 = CARTON_FLOAT64,
  String = CARTON_STRING,
  Int8 = CARTON_INT8,
  Int16 = CARTON_INT16,
  Int32 = CARTON_INT32,
  Int64 = CARTON_INT64,
  UInt8 = CARTON_UINT8,
  UInt16 = CARTON_UINT16,
  UInt32 = CARTON_UINT32,
  UInt64 = CARTON_UINT64,
  Nested = CARTON_NESTED,
  Bool = CARTON_BOOL,
  Float16 = CARTON_FLOAT16,
  BFloat16 = CARTON_BFLOAT16
};

// "float32", "string", ...; "unknown" for a number outside the list.
inline const char* dtype_name(DType dtype) noexcept {
  const char* name = carton_dtype_name(static_cast<std::int32_t>(dtype));
  return name != nullptr ? name : "unknown";
}

// Bytes per element; 0 for strings and nested tensors.
inline std::size_t dtype_size(DType dtype) noexcept {
  return static_cast<std::size_t>(carton_dtype_size(static_cast<std::int32_t>(dtype)));
}

namespace detail {

template <class T>
constexpr DType integer_dtype() {
  constexpr bool is_signed = std::is_signed_v<T>;
  if constexpr (sizeof(T) == 1) return is_signed ? DType::Int8 : DType::UInt8;
  if constexpr (sizeof(T) == 2) return is_signed ? DType::Int16 : DType::UInt16;
  if constexpr (sizeof(T) == 4) return is_signed ? DType::Int32 : DType::UInt32;
  if constexpr (sizeof(T) == 8) return is_signed ? DType::Int64 : DType::UInt64;
}

// Text characters are not numbers: text goes into string tensors.
template <class T>
inline constexpr bool is_text_character = std::is_same_v<T, char> || std::is_same_v<T, wchar_t> ||
#if defined(__cpp_char8_t)
                                          std::is_same_v<T, char8_t> ||
#endif
                                          std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

template <class T>
inline constexpr bool is_element = std::is_same_v<T, float> || std::is_same_v<T, double> ||
                                   (std::is_integral_v<T> && sizeof(T) <= 8 && !is_text_character<T>);

}  // namespace detail

// The dtype of a C++ type: float, double, bool, and integers by their size and sign. float16 and
// bfloat16 have no type in C++17; their tensors are made and read through untyped pointers.
template <class T>
constexpr DType dtype_of() {
  static_assert(
      detail::is_element<T>,
      "use float, double, bool or an integer of 8 to 64 bits; text goes into Tensor::text or texts");
  if constexpr (std::is_same_v<T, float>) return DType::Float32;
  if constexpr (std::is_same_v<T, double>) return DType::Float64;
  if constexpr (std::is_same_v<T, bool>) return DType::Bool;
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) return detail::integer_dtype<T>();
}

}  // namespace v1
}  // namespace carton
