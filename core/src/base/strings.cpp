#include "base/strings.h"

#include <cstddef>

namespace carton {
namespace {

// Length of the well-formed UTF-8 sequence at `i`, 0 if there is none (Unicode 15, table 3-7).
size_t sequence_length(std::string_view s, size_t i) {
  auto byte = [&](size_t k) -> unsigned { return k < s.size() ? static_cast<unsigned char>(s[k]) : 0u; };
  auto tail = [&](size_t k) { return (byte(k) & 0xC0u) == 0x80u; };
  unsigned lead = byte(i);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(i + 1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!tail(i + 1) || !tail(i + 2)) return 0;
    if (lead == 0xE0 && byte(i + 1) < 0xA0) return 0;   // overlong
    if (lead == 0xED && byte(i + 1) >= 0xA0) return 0;  // surrogate
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!tail(i + 1) || !tail(i + 2) || !tail(i + 3)) return 0;
    if (lead == 0xF0 && byte(i + 1) < 0x90) return 0;   // overlong
    if (lead == 0xF4 && byte(i + 1) >= 0x90) return 0;  // beyond U+10FFFF
    return 4;
  }
  return 0;
}

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7F; }

void append_hex(std::string& out, unsigned char c) {
  static const char digits[] = "0123456789abcdef";
  out += "\\x";
  out += digits[c >> 4];
  out += digits[c & 15];
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size();) {
    size_t n = sequence_length(bytes, i);
    if (n == 0) return false;
    i += n;
  }
  return true;
}

std::string quoted(std::string_view name) {
  constexpr size_t kMax = 200;
  std::string out = "`";
  size_t i = 0;
  while (i < name.size() && i < kMax) {
    size_t n = sequence_length(name, i);
    unsigned char c = static_cast<unsigned char>(name[i]);
    if (n == 0 || is_control(c)) {
      append_hex(out, c);
      i += 1;
    } else {
      out += name.substr(i, n);
      i += n;
    }
  }
  if (i < name.size()) out += "…";
  return out += '`';
}

std::string printable(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (size_t i = 0; i < bytes.size();) {
    unsigned char c = static_cast<unsigned char>(bytes[i]);
    size_t n = sequence_length(bytes, i);
    if (c == 0x1B) {  // ESC [ ... letter: drop the whole sequence
      i += 1;
      if (i < bytes.size() && bytes[i] == '[') {
        i += 1;
        while (i < bytes.size() && (bytes[i] < '@' || bytes[i] > '~')) i += 1;
        i += 1;
      }
    } else if (n == 0) {
      out += "\xEF\xBF\xBD";
      i += 1;
    } else if (is_control(c) && c != '\n' && c != '\t') {
      i += 1;
    } else if (n == 2 && c == 0xC2 && static_cast<unsigned char>(bytes[i + 1]) < 0xA0) {
      i += 2;  // C1 control
    } else {
      out += bytes.substr(i, n);
      i += n;
    }
  }
  return out;
}

}  // namespace carton
