#include "runner/output_tail.h"

#include "base/strings.h"

namespace carton {

void OutputTail::add(std::string_view bytes, const std::function<void(const std::string&)>& on_line) {
  kept_.append(bytes);
  if (kept_.size() > 2 * kKept) kept_.erase(0, kept_.size() - kKept);
  for (size_t begin = 0; begin < bytes.size();) {
    size_t end = bytes.find('\n', begin);
    size_t stop = end == std::string_view::npos ? bytes.size() : end;
    line_.append(bytes.substr(begin, stop - begin));
    if (end != std::string_view::npos || line_.size() >= kMaxLine) flush(on_line);
    begin = stop + (end == std::string_view::npos ? 0 : 1);
  }
}

void OutputTail::flush(const std::function<void(const std::string&)>& on_line) {
  if (line_.empty()) return;
  std::string line = printable(line_);
  line_.clear();
  if (!line.empty()) on_line(line);
}

std::string OutputTail::tail() const {
  std::string_view kept = kept_;
  if (kept.size() > kKept) kept.remove_prefix(kept.size() - kKept);
  std::string out = printable(kept);
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return out;
}

}  // namespace carton
