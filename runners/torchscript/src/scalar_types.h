// Carton's dtypes and libtorch's, which agree in layout.
#pragma once

#include <c10/core/ScalarType.h>

#include <optional>

#include "tensor/dtype.h"

namespace carton::torchscript {

// nullopt for String and Nested.
inline std::optional<c10::ScalarType> scalar_type_of(DType dtype) {
  switch (dtype) {
    case DType::Float32:
      return c10::ScalarType::Float;
    case DType::Float64:
      return c10::ScalarType::Double;
    case DType::Int8:
      return c10::ScalarType::Char;
    case DType::Int16:
      return c10::ScalarType::Short;
    case DType::Int32:
      return c10::ScalarType::Int;
    case DType::Int64:
      return c10::ScalarType::Long;
    case DType::UInt8:
      return c10::ScalarType::Byte;
    case DType::UInt16:
      return c10::ScalarType::UInt16;
    case DType::UInt32:
      return c10::ScalarType::UInt32;
    case DType::UInt64:
      return c10::ScalarType::UInt64;
    case DType::Bool:
      return c10::ScalarType::Bool;
    case DType::Float16:
      return c10::ScalarType::Half;
    case DType::BFloat16:
      return c10::ScalarType::BFloat16;
    case DType::String:
    case DType::Nested:
      return std::nullopt;
  }
  return std::nullopt;
}

// nullopt for what Carton has no dtype for: complex, quantized, float8, ...
inline std::optional<DType> dtype_of(c10::ScalarType type) {
  switch (type) {
    case c10::ScalarType::Float:
      return DType::Float32;
    case c10::ScalarType::Double:
      return DType::Float64;
    case c10::ScalarType::Char:
      return DType::Int8;
    case c10::ScalarType::Short:
      return DType::Int16;
    case c10::ScalarType::Int:
      return DType::Int32;
    case c10::ScalarType::Long:
      return DType::Int64;
    case c10::ScalarType::Byte:
      return DType::UInt8;
    case c10::ScalarType::UInt16:
      return DType::UInt16;
    case c10::ScalarType::UInt32:
      return DType::UInt32;
    case c10::ScalarType::UInt64:
      return DType::UInt64;
    case c10::ScalarType::Bool:
      return DType::Bool;
    case c10::ScalarType::Half:
      return DType::Float16;
    case c10::ScalarType::BFloat16:
      return DType::BFloat16;
    default:
      return std::nullopt;
  }
}

}  // namespace carton::torchscript
