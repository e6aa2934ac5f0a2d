// What a runner prints: cut into lines for the log, and the last part kept for error messages.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace carton {

class OutputTail {
 public:
  static constexpr size_t kKept = 64 * 1024;
  static constexpr size_t kMaxLine = 8 * 1024;

  explicit OutputTail(const char* source) : source_(source) {}

  const char* source() const { return source_; }
  bool open() const { return open_; }
  void set_closed() { open_ = false; }  // the stream has ended
  // Takes bytes as they come; `on_line` gets each whole line, printable, without its newline.
  void add(std::string_view bytes, const std::function<void(const std::string&)>& on_line);
  // Hands out a last line that has no newline.
  void flush(const std::function<void(const std::string&)>& on_line);
  // The last kKept bytes, printable, without trailing blank lines.
  std::string tail() const;

 private:
  const char* source_;
  bool open_ = true;
  std::string line_, kept_;
};

}  // namespace carton
