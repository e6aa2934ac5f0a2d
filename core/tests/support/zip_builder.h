// Writes zips for tests, byte by byte, and lies in any field on request.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/codecs.h"
#include "support/compress.h"

namespace carton::test {

inline std::string little_endian(uint64_t value, int width) {
  std::string out;
  for (int i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out;
}
inline std::string u16(uint64_t value) { return little_endian(value, 2); }
inline std::string u32(uint64_t value) { return little_endian(value, 4); }
inline std::string u64(uint64_t value) { return little_endian(value, 8); }

inline std::string extra_field(uint16_t id, const std::string& data) {
  return u16(id) + u16(data.size()) + data;
}

// What one of the two headers of an entry says.
struct HeaderFields {
  std::string name;
  uint64_t version = 20, flags = 0, method = 0, crc = 0, size = 0, stored_size = 0;
  std::string extra;
  std::string comment;                // central only
  uint64_t mode = 0100644, disk = 0;  // central only
  std::optional<uint64_t> offset;     // central only: not where the entry is
};

struct ZipItem {
  HeaderFields central, local;
  std::string data;    // as it lies in the file
  std::string before;  // bytes before the local header
  std::string after;   // bytes after the data: a descriptor
  bool in_directory = true;
  bool in_file = true;
};

struct EndFields {
  std::optional<uint64_t> disk, directory_disk, disk_entries, entries, size, offset, comment_size;
  std::string comment, trailing;
  bool zip64 = false;
  std::optional<uint64_t> entries64, size64, offset64, locator_offset, record_size64, disks;
};

inline ZipItem item(const std::string& name, const std::string& plain, int method = 0) {
  ZipItem out;
  out.data = method == 8 ? deflated(plain) : method == 93 ? zstd_compressed(plain) : plain;
  out.central.name = name;
  out.central.method = static_cast<uint64_t>(method);
  out.central.crc = crc32(0, reinterpret_cast<const std::byte*>(plain.data()), plain.size());
  out.central.size = plain.size();
  out.central.stored_size = out.data.size();
  out.local = out.central;
  return out;
}

inline ZipItem link_item(const std::string& name, const std::string& target) {
  ZipItem out = item(name, target);
  out.central.mode = 0120777;
  return out;
}

inline ZipItem directory_item(const std::string& name) {
  ZipItem out = item(name, "");
  out.central.mode = 0040755;
  return out;
}

inline std::string local_header(const HeaderFields& h) {
  return "PK\x03\x04" + u16(h.version) + u16(h.flags) + u16(h.method) + u32(0) + u32(h.crc) +
         u32(h.stored_size) + u32(h.size) + u16(h.name.size()) + u16(h.extra.size()) + h.name + h.extra;
}

inline std::string central_header(const HeaderFields& h, uint64_t offset) {
  return "PK\x01\x02" + u16(0x031e) + u16(h.version) + u16(h.flags) + u16(h.method) + u32(0) + u32(h.crc) +
         u32(h.stored_size) + u32(h.size) + u16(h.name.size()) + u16(h.extra.size()) + u16(h.comment.size()) +
         u16(h.disk) + u16(0) + u32(h.mode << 16) + u32(h.offset.value_or(offset)) + h.name + h.extra +
         h.comment;
}

inline std::string zip64_end(const EndFields& end, uint64_t entries, uint64_t size, uint64_t offset) {
  std::string record = "PK\x06\x06" + u64(end.record_size64.value_or(44)) + u16(45) + u16(45) + u32(0) +
                       u32(0) + u64(end.entries64.value_or(entries)) + u64(end.entries64.value_or(entries)) +
                       u64(end.size64.value_or(size)) + u64(end.offset64.value_or(offset));
  return record + "PK\x06\x07" + u32(0) + u64(end.locator_offset.value_or(offset + size)) +
         u32(end.disks.value_or(1));
}

inline std::string build_zip(const std::vector<ZipItem>& items, const EndFields& end = {}) {
  std::string out, directory;
  uint64_t entries = 0;
  for (const ZipItem& one : items) {
    out += one.in_file ? one.before : "";
    if (one.in_directory) {
      directory += central_header(one.central, out.size());
      ++entries;
    }
    if (one.in_file) out += local_header(one.local) + one.data + one.after;
  }
  uint64_t offset = out.size();
  out += directory;
  if (end.zip64) out += zip64_end(end, entries, directory.size(), offset);
  uint64_t marker16 = 0xFFFF, marker32 = 0xFFFFFFFF;
  out += "PK\x05\x06" + u16(end.disk.value_or(0)) + u16(end.directory_disk.value_or(0)) +
         u16(end.disk_entries.value_or(end.zip64 ? marker16 : entries)) +
         u16(end.entries.value_or(end.zip64 ? marker16 : entries)) +
         u32(end.size.value_or(end.zip64 ? marker32 : directory.size())) +
         u32(end.offset.value_or(end.zip64 ? marker32 : offset)) +
         u16(end.comment_size.value_or(end.comment.size())) + end.comment;
  return out + end.trailing;
}

}  // namespace carton::test
