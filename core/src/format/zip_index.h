// The strict reader of a carton's zip. Every byte of the file is accounted for: local headers, data and
// descriptors follow one another without gap or overlap, then the directory, then the end records.
// Whatever common unzip programs may read differently is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "format/limits.h"
#include "format/zip_record.h"
#include "io/source.h"

namespace carton::format {

struct ZipEntry {
  std::string name;  // "model/model.pt"
  ZipMethod method = ZipMethod::Stored;
  uint32_t crc = 0;
  uint64_t size = 0;         // of the plain content
  uint64_t stored_size = 0;  // as it lies in the file
  uint64_t data_offset = 0;  // [data_offset, data_offset + stored_size) lies within the file
};

struct ZipIndex {
  std::vector<ZipEntry> files;  // sorted by name; a symbolic link is a copy of the file it leads to

  // Reads the directory and every local header, no data but that of symbolic links. Throws FORMAT,
  // UNSUPPORTED, LIMIT, INTEGRITY, and what the source throws.
  static ZipIndex read(const Source& source, const Limits& limits = {});
  // nullptr when there is none.
  const ZipEntry* find(std::string_view name) const;
};

}  // namespace carton::format
