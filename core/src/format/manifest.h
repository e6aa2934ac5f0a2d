// MANIFEST: one line `path=sha256` per file of the carton, sorted by the bytes of the path. Its own
// sha256 is the identity of the model.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/limits.h"

namespace carton::format {

struct ManifestEntry {
  std::string path;    // "model/model.pt"
  std::string sha256;  // of the plain content; 64 lower-case hex digits
};

struct Manifest {
  std::vector<ManifestEntry> entries;  // in file order, which is sorted: unique paths

  // Only the one canonical form is read: sorted, LF after each line, no blank lines, no line for
  // MANIFEST or LINKS. Throws FORMAT with the line's number, LIMIT.
  static Manifest parse(std::string_view bytes, const Limits& limits = {});

  // The entry of `path`, nullptr when there is none.
  const ManifestEntry* find(std::string_view path) const;
};

// 64 lower-case hex digits?
bool is_sha256_hex(std::string_view text);

}  // namespace carton::format
