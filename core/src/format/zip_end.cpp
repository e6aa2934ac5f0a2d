#include "format/zip_end.h"

#include <algorithm>
#include <string>

#include "base/checked.h"
#include "base/error.h"
#include "base/strings.h"
#include "format/bytes.h"

namespace carton::format {
namespace {

constexpr uint64_t kEndSize = 22, kLocatorSize = 20, kEnd64Size = 56;
constexpr uint32_t kEndSignature = 0x06054b50, kLocatorSignature = 0x07064b50, kEnd64Signature = 0x06064b50;
constexpr uint16_t kMarker16 = 0xFFFF;  // "see the zip64 record"
constexpr uint32_t kMarker32 = 0xFFFFFFFF;

std::string read(const Source& source, uint64_t offset, uint64_t length) {
  std::string out(length, '\0');
  source.read_at(offset, reinterpret_cast<std::byte*>(out.data()), length);
  return out;
}

struct EndRecord {
  uint32_t signature;
  uint16_t disk, directory_disk, disk_entries, entries;
  uint32_t size, offset;
  uint16_t comment_size;
};

EndRecord parse_end(std::string_view bytes) {
  ByteReader in(bytes, "the zip's end record");
  EndRecord end{};
  end.signature = in.u32();
  end.disk = in.u16();
  end.directory_disk = in.u16();
  end.disk_entries = in.u16();
  end.entries = in.u16();
  end.size = in.u32();
  end.offset = in.u32();
  end.comment_size = in.u16();
  return end;
}

Error format_error(std::string_view message) { return Error(Code::Format, std::string(message)); }
Error several_disks() { return Error(Code::Unsupported, "a zip split over several disks"); }

// No end record in the last 22 bytes. Says what the file seems to be instead.
Error no_end(const Source& source) {
  uint64_t size = source.size();
  if (size == 0) return format_error("not a carton: the file is empty");
  std::string head = read(source, 0, std::min<uint64_t>(size, 4));
  if (head != "PK\x03\x04") {
    return Error(Code::Format, "not a carton: a carton is a zip, this file does not begin like one");
  }
  constexpr uint64_t kFurthest = kEndSize + 0xFFFF;
  std::string tail = read(source, size - std::min(size, kFurthest), std::min(size, kFurthest));
  if (size_t at = tail.rfind("PK\x05\x06"); at != std::string::npos) {
    return Error(Code::Format,
                 text("expected the file to end with the zip's end record, got ", tail.size() - at - kEndSize,
                      " bytes after it"),
                 "an archive comment or appended data is not allowed; pack the model again");
  }
  return Error(Code::Format, text("the file of ", size, " bytes is cut off: it has no zip end record"),
               "the copy or download is not complete; fetch it again");
}

// A value of the end record that zip64 may replace: the marker or the same value.
void check_same(std::string_view what, uint64_t value, uint64_t marker, uint64_t value64) {
  if (value == marker || value == value64) return;
  throw format_error(text("the zip's end record says ", what, " ", value, ", its zip64 record ", value64));
}

ZipDirectory parse_end64(const Source& source, const EndRecord& end, uint64_t locator_offset,
                         std::string_view locator) {
  ByteReader in(locator, "the zip64 locator");
  in.u32();
  uint32_t disk = in.u32();
  uint64_t offset = in.u64();
  uint32_t disks = in.u32();
  if (disk != 0 || disks > 1) throw several_disks();
  if (locator_offset < kEnd64Size || offset != locator_offset - kEnd64Size) {
    throw format_error(
        text("the zip64 locator points to offset ", offset, ", the record before it is at another"));
  }
  std::string bytes = read(source, offset, kEnd64Size);
  ByteReader record(bytes, "the zip64 end record");
  if (record.u32() != kEnd64Signature) throw format_error("the zip64 end record has no signature");
  if (uint64_t size = record.u64(); size != kEnd64Size - 12) {
    throw format_error(text("the zip64 end record has ", size, " bytes, expected ", kEnd64Size - 12));
  }
  record.take(4);  // versions
  uint32_t this_disk = record.u32(), directory_disk = record.u32();
  uint64_t disk_entries = record.u64();
  ZipDirectory out;
  out.entries = record.u64();
  out.size = record.u64();
  out.offset = record.u64();
  if (this_disk != 0 || directory_disk != 0) throw several_disks();
  if (disk_entries != out.entries) throw format_error("the zip64 end record has two different entry counts");
  check_same("entries on this disk", end.disk_entries, kMarker16, out.entries);
  check_same("entries", end.entries, kMarker16, out.entries);
  check_same("directory size", end.size, kMarker32, out.size);
  check_same("directory offset", end.offset, kMarker32, out.offset);
  return out;
}

void check_directory(const ZipDirectory& directory, uint64_t directory_end, const Limits& limits) {
  check_limit("the number of zip entries", directory.entries, limits.entries);
  check_limit("the size of the zip's central directory, in bytes,", directory.size, limits.directory_bytes);
  if (!in_range(directory.offset, directory.size, directory_end) ||
      directory.offset + directory.size != directory_end) {
    throw format_error(text("the zip's central directory should end at offset ", directory_end,
                            ", where the end records begin, but is said to be ", directory.size,
                            " bytes at offset ", directory.offset));
  }
  constexpr uint64_t kLeastRecord = 46;
  if (directory.entries * kLeastRecord > directory.size) {
    throw format_error(text("a central directory of ", directory.size, " bytes cannot hold ",
                            directory.entries, " entries"));
  }
}

}  // namespace

ZipDirectory read_zip_end(const Source& source, const Limits& limits) {
  uint64_t size = source.size();
  if (size < kEndSize) throw no_end(source);
  uint64_t end_offset = size - kEndSize;
  EndRecord end = parse_end(read(source, end_offset, kEndSize));
  if (end.signature != kEndSignature) throw no_end(source);
  if (end.comment_size != 0) throw format_error("the zip's end record announces a comment that is not there");

  std::string locator =
      end_offset < kLocatorSize ? "" : read(source, end_offset - kLocatorSize, kLocatorSize);
  if (!locator.empty() && ByteReader(locator, "").u32() == kLocatorSignature) {
    uint64_t locator_offset = end_offset - kLocatorSize;
    ZipDirectory out = parse_end64(source, end, locator_offset, locator);
    check_directory(out, locator_offset - kEnd64Size, limits);
    return out;
  }
  if (end.disk != 0 || end.directory_disk != 0) throw several_disks();
  if (end.disk_entries != end.entries)
    throw format_error("the zip's end record has two different entry counts");
  ZipDirectory out{end.offset, end.size, end.entries};
  check_directory(out, end_offset, limits);
  return out;
}

}  // namespace carton::format
