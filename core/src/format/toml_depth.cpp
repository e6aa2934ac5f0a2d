#include "format/toml_depth.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/strings.h"

namespace carton::format {
namespace {

// The position after the string that begins at `start` with `quote`.
size_t skip_string(std::string_view text, size_t start, char quote) {
  bool multi_line = text.substr(start, 3) == std::string(3, quote);
  size_t i = start + (multi_line ? 3 : 1);
  for (; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (multi_line && text.substr(i, 3) == std::string_view(text.data() + start, 3)) {
      i += 3;
      for (int extra = 0; extra < 2 && i < text.size() && text[i] == quote; ++extra) ++i;
      return i;
    } else if (!multi_line && (text[i] == quote || text[i] == '\n')) {
      return i + 1;
    }
  }
  return text.size();
}

// One open bracket, or the top level: is a key or a value expected, and how many dots has the key?
struct Level {
  bool inline_table = false;
  bool in_key = true;
  uint64_t dots = 0;
};

class DepthMeter {
 public:
  // Returns the depth after `c`, which is outside strings and comments.
  uint64_t feed(char c) {
    Level& level = levels_.back();
    switch (c) {
      case '{':
        open(true, true);
        break;
      case '[':
        open(false, level.in_key);  // in a key it is a header, [a.b] or [[a.b]]
        break;
      case ']':
      case '}':
        close();
        break;
      case '=':
        level.in_key = false;
        break;
      case ',':
        next_key(level.inline_table);
        break;
      case '\n':
        next_key(levels_.size() == 1);
        break;
      case '.':
        count_dot(level);
        break;
      default:
        break;
    }
    return depth_;
  }

 private:
  void open(bool inline_table, bool in_key) {
    levels_.push_back({inline_table, in_key, 0});
    ++depth_;
  }
  void close() {
    if (levels_.size() == 1) return;  // malformed: the parser stops here
    depth_ -= 1 + levels_.back().dots;
    levels_.pop_back();
  }
  void next_key(bool expected) {
    if (!expected) return;
    depth_ -= levels_.back().dots;
    levels_.back().dots = 0;
    levels_.back().in_key = true;
  }
  void count_dot(Level& level) {
    if (!level.in_key) return;  // the point of a number
    ++level.dots;
    ++depth_;
  }

  std::vector<Level> levels_{Level{}};
  uint64_t depth_ = 0;
};

}  // namespace

void check_toml_depth(std::string_view text, std::string_view name, const Limits& limits) {
  uint64_t limit = std::min(limits.toml_depth, kMaxTomlDepth);
  DepthMeter meter;
  for (size_t i = 0; i < text.size();) {
    char c = text[i];
    if (c == '"' || c == '\'') {
      i = skip_string(text, i, c);
      continue;
    }
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    uint64_t depth = meter.feed(c);
    if (depth > limit) {
      auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(i), '\n');
      throw Error(Code::Limit, carton::text(name, ": nesting is limited to ", limit, " levels, line ", line,
                                            " goes deeper"));
    }
    ++i;
  }
}

}  // namespace carton::format
