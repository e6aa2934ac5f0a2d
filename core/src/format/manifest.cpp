#include "format/manifest.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"
#include "format/path.h"

namespace carton::format {
namespace {

Error bad_line(size_t line, std::string_view why) {
  return Error(Code::Format, text("MANIFEST line ", line, ": ", why),
               "the file was edited or is damaged; pack the model again");
}

ManifestEntry parse_line(std::string_view line, size_t number, const Limits& limits) {
  if (line.empty()) throw bad_line(number, "expected `path=sha256`, got an empty line");
  if (line.back() == '\r') throw bad_line(number, "lines end in LF, got CR LF");
  size_t equals = line.rfind('=');  // a path may contain `=`, a hash cannot
  if (equals == std::string_view::npos) {
    throw bad_line(number, text("expected `path=sha256`, got ", quoted(line)));
  }
  std::string_view path = line.substr(0, equals), hash = line.substr(equals + 1);
  if (!is_sha256_hex(hash)) {
    throw bad_line(number, text("expected a sha256 of 64 lower-case hex digits, got ", quoted(hash)));
  }
  if (path == "MANIFEST" || path == "LINKS") {
    throw bad_line(number, text(quoted(path), " must not be listed"));
  }
  try {
    check_path(path, limits);
  } catch (const Error& error) {
    throw error.within(text("MANIFEST line ", number));
  }
  return {std::string(path), std::string(hash)};
}

}  // namespace

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Manifest Manifest::parse(std::string_view bytes, const Limits& limits) {
  check_limit("the size of MANIFEST, in bytes,", bytes.size(), limits.manifest_bytes);
  Manifest out;
  size_t number = 0;
  while (!bytes.empty()) {
    ++number;
    check_limit("the number of lines of MANIFEST", number, limits.entries);
    size_t end = bytes.find('\n');
    if (end == std::string_view::npos)
      throw bad_line(number, "the last line has no line end: is it cut off?");
    ManifestEntry entry = parse_line(bytes.substr(0, end), number, limits);
    bytes.remove_prefix(end + 1);
    if (!out.entries.empty()) {
      int order = out.entries.back().path.compare(entry.path);
      if (order == 0) throw bad_line(number, text(quoted(entry.path), " is listed twice"));
      if (order > 0) {
        throw bad_line(number, text("paths must be sorted, but ", quoted(entry.path), " follows ",
                                    quoted(out.entries.back().path)));
      }
    }
    out.entries.push_back(std::move(entry));
  }
  return out;
}

const ManifestEntry* Manifest::find(std::string_view path) const {
  auto at = std::lower_bound(entries.begin(), entries.end(), path,
                             [](const ManifestEntry& entry, std::string_view p) { return entry.path < p; });
  return at != entries.end() && at->path == path ? &*at : nullptr;
}

}  // namespace carton::format
