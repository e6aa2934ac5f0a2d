// Arithmetic on numbers that came from a file or a peer: overflow is reported, never wrapped.
#pragma once

#include <cstdint>

namespace carton {

[[nodiscard]] inline bool add_overflows(uint64_t a, uint64_t b, uint64_t* sum) {
  return __builtin_add_overflow(a, b, sum);
}
[[nodiscard]] inline bool mul_overflows(uint64_t a, uint64_t b, uint64_t* product) {
  return __builtin_mul_overflow(a, b, product);
}
// Does [offset, offset + length) lie within [0, capacity)? Never forms a sum that can wrap.
inline bool in_range(uint64_t offset, uint64_t length, uint64_t capacity) {
  return offset <= capacity && length <= capacity - offset;
}

}  // namespace carton
