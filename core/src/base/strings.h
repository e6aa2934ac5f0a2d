// Small text helpers for messages. No locale, no std::format (the format layer also builds with
// clang 14's libc++).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace carton {

inline void append_text(std::string& out, std::string_view text) { out += text; }
inline void append_text(std::string& out, char c) { out += c; }
template <typename Number>
requires std::is_arithmetic_v<Number>
void append_text(std::string& out, Number value) { out += std::to_string(value); }

// text("rank ", 3, " of `", name, "`") == "rank 3 of `x`"
template <typename... Parts>
std::string text(const Parts&... parts) {
  std::string out;
  (append_text(out, parts), ...);
  return out;
}

// `name` between backquotes, control bytes and invalid UTF-8 shown as \xNN, cut after 200 bytes:
// whatever a hostile file contains, the message stays one printable line.
std::string quoted(std::string_view name);
// Found before std::quoted, which argument-dependent lookup would choose for these.
inline std::string quoted(const std::string& name) { return quoted(std::string_view(name)); }
inline std::string quoted(std::string& name) { return quoted(std::string_view(name)); }
inline std::string quoted(const char* name) { return quoted(std::string_view(name)); }

bool is_utf8(std::string_view bytes);

// Control bytes and terminal escapes removed (newline and tab kept), invalid UTF-8 replaced.
std::string printable(std::string_view bytes);

}  // namespace carton
