#include "format/path.h"

#include <vector>

#include "base/error.h"
#include "base/strings.h"

namespace carton::format {
namespace {

Error bad_path(std::string_view path, std::string_view why) {
  return Error(Code::Format, text("file name ", quoted(path), " ", why));
}

void check_bytes(std::string_view path) {
  if (!is_utf8(path)) throw bad_path(path, "is not UTF-8");
  for (unsigned char c : path) {
    if (c < 0x20 || c == 0x7F) throw bad_path(path, "has a control byte");
    if (c == '\\') throw bad_path(path, "has a backslash; `/` separates folders");
    if (c == ':') throw bad_path(path, "has a colon, which names a drive or stream on some systems");
  }
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  size_t start = 0;
  for (;;) {
    size_t slash = path.find('/', start);
    segments.push_back(path.substr(start, slash - start));
    if (slash == std::string_view::npos) return segments;
    start = slash + 1;
  }
}

}  // namespace

void check_path(std::string_view path, const Limits& limits) {
  check_limit("the length of a file name, in bytes,", path.size(), limits.path_bytes);
  if (path.empty()) throw bad_path(path, "is empty");
  if (path.front() == '/') throw bad_path(path, "is absolute; names in a carton are relative");
  check_bytes(path);
  auto segments = segments_of(path);
  check_limit("the depth of a file name, in folders,", segments.size(), limits.path_depth);
  for (std::string_view segment : segments) {
    check_limit("the length of one part of a file name, in bytes,", segment.size(), limits.segment_bytes);
    if (segment.empty()) throw bad_path(path, "has an empty part");
    if (segment == "." || segment == "..") throw bad_path(path, text("has the part ", quoted(segment)));
  }
}

std::string resolve_link(std::string_view link, std::string_view target) {
  auto refuse = [&](std::string_view why) {
    return Error(Code::Format, text("symbolic link ", quoted(link), " to ", quoted(target), " ", why));
  };
  if (target.empty()) throw refuse("has no target");
  if (target.front() == '/') throw refuse("is absolute; a link must stay inside the carton");
  auto parts = segments_of(link);
  parts.pop_back();
  for (std::string_view segment : segments_of(target)) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      parts.push_back(segment);
    } else if (parts.empty()) {
      throw refuse("leaves the carton");
    } else {
      parts.pop_back();
    }
  }
  std::string out;
  for (std::string_view part : parts) {
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

}  // namespace carton::format
