// Little-endian numbers taken one after the other from a run of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/strings.h"

namespace carton::format {

class ByteReader {
 public:
  // `what` names the bytes in the error of a read past their end.
  ByteReader(std::string_view bytes, std::string what) : bytes_(bytes), what_(std::move(what)) {}

  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }
  std::string_view take(uint64_t length) {
    if (length > bytes_.size()) throw Error(Code::Format, text(what_, " is cut off"));
    std::string_view out = bytes_.substr(0, length);
    bytes_.remove_prefix(length);
    return out;
  }
  uint64_t left() const { return bytes_.size(); }

 private:
  uint64_t number(uint64_t width) {
    std::string_view raw = take(width);
    uint64_t value = 0;
    for (uint64_t i = width; i-- > 0;) value = value << 8 | static_cast<unsigned char>(raw[i]);
    return value;
  }

  std::string_view bytes_;
  std::string what_;
};

}  // namespace carton::format
