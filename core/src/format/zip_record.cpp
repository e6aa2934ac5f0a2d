#include "format/zip_record.h"

#include <optional>

#include "base/error.h"
#include "base/strings.h"
#include "format/path.h"
#include "format/zip_extra.h"

namespace carton::format {
namespace {

constexpr uint32_t kCentralSignature = 0x02014b50, kLocalSignature = 0x04034b50,
                   kDescriptorSignature = 0x08074b50;
constexpr uint32_t kMarker32 = 0xFFFFFFFF;  // "see the zip64 extra field"
constexpr uint16_t kMaxVersion = 63;        // of the zip specification that has zstd

Error entry_error(std::string_view name, std::string_view why) {
  return Error(Code::Format, text("zip entry ", quoted(name), ": ", why));
}
Error unsupported(std::string_view name, std::string_view why) {
  return Error(Code::Unsupported, text("zip entry ", quoted(name), ": ", why));
}

void check_flags(uint16_t flags, std::string_view name) {
  constexpr uint16_t kEncrypted = 0x0001 | 0x0040 | 0x2000;
  // Bits 1 and 2 tell how hard the deflater tried, 3 a descriptor, 11 a UTF-8 name.
  constexpr uint16_t kKnown = 0x0002 | 0x0004 | 0x0008 | 0x0800;
  if ((flags & kEncrypted) != 0) throw unsupported(name, "is encrypted");
  if ((flags & ~kKnown) != 0) throw unsupported(name, text("has unknown flags ", flags & ~kKnown));
}

ZipMethod checked_method(uint16_t method, std::string_view name) {
  switch (method) {
    case 0:
      return ZipMethod::Stored;
    case 8:
      return ZipMethod::Deflate;
    case 93:
      return ZipMethod::Zstd;
    default:
      throw unsupported(
          name, text("compression method ", method, ", expected stored (0), deflate (8) or zstd (93)"));
  }
}

void check_version(uint16_t version, std::string_view name) {
  if ((version & 0xFF) > kMaxVersion) throw unsupported(name, text("needs zip version ", version & 0xFF));
}

// The Unix mode, or 0 from systems that have none; only its type counts.
ZipKind kind_of(uint32_t external, std::string_view name) {
  constexpr uint32_t kType = 0170000, kRegular = 0100000, kDirectory = 0040000, kLink = 0120000;
  bool slash = !name.empty() && name.back() == '/';
  uint32_t type = external >> 16 & kType;
  bool dos_directory = (external & 0x10u) != 0;
  if (type == kDirectory || type == 0) {
    if (slash) return ZipKind::Directory;
    if (type == kDirectory || dos_directory)
      throw entry_error(name, "is marked as a folder but named as a file");
    return ZipKind::File;
  }
  if (type != kRegular && type != kLink) throw entry_error(name, "is a device, fifo or socket");
  if (slash) throw entry_error(name, "is named as a folder but marked as a file");
  return type == kLink ? ZipKind::Link : ZipKind::File;
}

// Takes from the zip64 extra field exactly those values whose 32 bits hold the marker.
class Zip64Values {
 public:
  Zip64Values(const ZipExtra& extra, std::string_view name)
      : in_(extra.zip64, text("the zip64 extra field of ", quoted(name))),
        name_(name),
        present_(extra.has_zip64) {}

  uint64_t value(uint32_t from_header) {
    if (from_header != kMarker32) return from_header;
    if (!present_) throw entry_error(name_, "has no zip64 extra field, which its header refers to");
    return in_.u64();
  }
  void finish() const {
    if (in_.left() != 0) throw entry_error(name_, "its zip64 extra field is longer than its header asks for");
  }

 private:
  ByteReader in_;
  std::string_view name_;
  bool present_;
};

void check_record(const ZipRecord& record, const Limits& limits) {
  std::string_view path = record.name;
  if (record.kind == ZipKind::Directory) path.remove_suffix(1);
  check_path(path, limits);
  constexpr uint64_t kImpossible = uint64_t{1} << 63;
  if (record.size >= kImpossible || record.stored_size >= kImpossible) {
    throw entry_error(record.name, "a size of 2^63 or more");
  }
  if (record.method == ZipMethod::Stored && record.size != record.stored_size) {
    throw entry_error(record.name, text("stored, but of ", record.size, " bytes in ", record.stored_size));
  }
  if (record.kind == ZipKind::Directory && (record.size != 0 || record.stored_size != 0)) {
    throw entry_error(record.name, "is a folder with data");
  }
}

}  // namespace

ZipRecord parse_central_record(ByteReader& in, const Limits& limits) {
  if (in.u32() != kCentralSignature)
    throw Error(Code::Format, "the zip's central directory is damaged: no signature");
  in.u16();  // made by
  uint16_t version = in.u16();
  ZipRecord out;
  out.flags = in.u16();
  uint16_t method = in.u16();
  in.u32();  // modification time
  out.crc = in.u32();
  uint32_t stored_size = in.u32(), size = in.u32();
  uint16_t name_length = in.u16(), extra_length = in.u16(), comment_length = in.u16(), disk = in.u16();
  in.u16();  // internal attributes
  uint32_t external = in.u32(), offset = in.u32();
  check_limit("the length of a file name, in bytes,", name_length, limits.path_bytes);
  out.name = in.take(name_length);
  std::string_view extra_bytes = in.take(extra_length);
  in.take(comment_length);

  check_version(version, out.name);
  check_flags(out.flags, out.name);
  out.method = checked_method(method, out.name);
  if (disk != 0) throw unsupported(out.name, "lies on another disk");
  out.kind = kind_of(external, out.name);
  ZipExtra extra = parse_zip_extra(extra_bytes, out.name, limits);
  Zip64Values zip64(extra, out.name);
  out.size = zip64.value(size);
  out.stored_size = zip64.value(stored_size);
  out.local_offset = zip64.value(offset);
  zip64.finish();
  check_record(out, limits);
  return out;
}

LocalLengths local_lengths(std::string_view fixed, std::string_view name) {
  ByteReader in(fixed, text("the local header of ", quoted(name)));
  if (in.u32() != kLocalSignature)
    throw entry_error(name, "there is no local header where the directory says");
  in.take(22);
  LocalLengths out;
  out.name = in.u16();
  out.extra = in.u16();
  return out;
}

namespace {

// Before a descriptor, the header's values may be left 0.
void check_equal(std::string_view what, uint64_t local, const ZipRecord& central, uint64_t expected) {
  if (local == expected || (central.has_descriptor() && local == 0)) return;
  throw entry_error(central.name,
                    text("its ", what, " is ", expected, " in the directory and ", local, " in its header"));
}

}  // namespace

void check_local_header(std::string_view header, const ZipRecord& central, const Limits& limits) {
  LocalLengths lengths = local_lengths(header, central.name);
  ByteReader in(header, text("the local header of ", quoted(central.name)));
  in.u32();  // signature
  uint16_t version = in.u16(), flags = in.u16(), method = in.u16();
  in.u32();  // modification time
  uint32_t crc = in.u32(), stored_size = in.u32(), size = in.u32();
  in.u32();  // lengths
  std::string_view name = in.take(lengths.name), extra_bytes = in.take(lengths.extra);
  if (name != central.name) {
    throw entry_error(central.name, text("has another name in its header, ", quoted(name)));
  }
  check_version(version, name);
  check_flags(flags, name);
  if (flags != central.flags) throw entry_error(name, "its flags differ between directory and header");
  if (checked_method(method, name) != central.method) {
    throw entry_error(name, "its compression method differs between directory and header");
  }
  ZipExtra extra = parse_zip_extra(extra_bytes, name, limits);
  if (extra.has_zip64 && (size != kMarker32 || stored_size != kMarker32)) {
    throw entry_error(name, "its local zip64 extra field must hold both sizes");
  }
  Zip64Values zip64(extra, name);
  uint64_t local_size = zip64.value(size), local_stored_size = zip64.value(stored_size);
  zip64.finish();
  check_equal("CRC", crc, central, central.crc);
  check_equal("size", local_size, central, central.size);
  check_equal("stored size", local_stored_size, central, central.stored_size);
}

void check_descriptor(std::string_view bytes, const ZipRecord& central) {
  if (!central.has_descriptor()) {
    if (!bytes.empty()) {
      throw entry_error(central.name, text(bytes.size(), " bytes follow it that belong to nothing"));
    }
    return;
  }
  // The signature is optional, sizes have 4 or 8 bytes: the length tells which of the four it is.
  ByteReader in(bytes, text("the data descriptor of ", quoted(central.name)));
  bool wide = bytes.size() == 20 || bytes.size() == 24,
       has_signature = bytes.size() == 16 || bytes.size() == 24;
  if (!wide && bytes.size() != 12 && bytes.size() != 16) {
    throw entry_error(central.name, text("a data descriptor has 12, 16, 20 or 24 bytes, got ", bytes.size()));
  }
  bool good = !has_signature || in.u32() == kDescriptorSignature;
  good = in.u32() == central.crc && good;
  good = (wide ? in.u64() : in.u32()) == central.stored_size && good;
  good = (wide ? in.u64() : in.u32()) == central.size && good;
  if (!good) throw entry_error(central.name, "its data descriptor disagrees with the directory");
}

}  // namespace carton::format
