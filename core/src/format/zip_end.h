// The end of a zip: where its central directory lies.
#pragma once

#include <cstdint>

#include "format/limits.h"
#include "io/source.h"

namespace carton::format {

struct ZipDirectory {
  uint64_t offset = 0, size = 0;  // lies within the file, and the end records follow it at once
  uint64_t entries = 0;
};

// Reads the end record (and zip64's) from the last bytes of the file: nothing may follow it, no
// comment either. Throws FORMAT, UNSUPPORTED (several disks), LIMIT.
ZipDirectory read_zip_end(const Source& source, const Limits& limits);

}  // namespace carton::format
