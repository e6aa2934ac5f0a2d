// One entry as a zip describes it twice: in the central directory and in its local header.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "format/bytes.h"
#include "format/limits.h"

namespace carton::format {

enum class ZipMethod : uint16_t { Stored = 0, Deflate = 8, Zstd = 93 };

enum class ZipKind { File, Directory, Link };

struct ZipRecord {
  std::string name;  // as written: a directory's ends in `/`
  ZipKind kind = ZipKind::File;
  uint16_t flags = 0;
  ZipMethod method = ZipMethod::Stored;
  uint32_t crc = 0;
  uint64_t size = 0, stored_size = 0;
  uint64_t local_offset = 0;

  // Sizes and CRC follow the data, in a descriptor.
  bool has_descriptor() const { return (flags & 8u) != 0; }
};

inline constexpr uint64_t kLocalHeaderSize = 30;  // without name and extra field

// The next record of the central directory. Throws FORMAT, UNSUPPORTED, LIMIT.
ZipRecord parse_central_record(ByteReader& in, const Limits& limits);

// The lengths in a local header's fixed part.
struct LocalLengths {
  uint16_t name = 0, extra = 0;
};
LocalLengths local_lengths(std::string_view fixed, std::string_view name);

// Checks a whole local header (fixed part, name, extra field) against the central record. FORMAT,
// UNSUPPORTED, LIMIT.
void check_local_header(std::string_view header, const ZipRecord& central, const Limits& limits);

// Checks the bytes between an entry's data and what follows: its data descriptor, or nothing. FORMAT.
void check_descriptor(std::string_view bytes, const ZipRecord& central);

}  // namespace carton::format
