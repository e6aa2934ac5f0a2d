#include "format/zip_extra.h"

#include <cstdint>

#include "base/error.h"
#include "base/strings.h"
#include "format/bytes.h"

namespace carton::format {
namespace {

enum Id : uint16_t {
  kZip64 = 0x0001,
  kNtfsTimes = 0x000A,
  kUnixTimes = 0x5455,
  kUnixOld = 0x5855,
  kUnixOwnerOld = 0x7855,
  kUnixOwner = 0x7875,
  kUnicodePath = 0x7075,
  kUnicodeComment = 0x6375,
  kJarMarker = 0xCAFE,
  kTorchPadding = 0x4246,
  kAlignment = 0xD935,
};

Error bad_extra(std::string_view entry, std::string_view why) {
  return Error(Code::Format, text("zip entry ", quoted(entry), ": ", why));
}

// 1 byte version, 4 bytes CRC of the name in the header, the name in UTF-8.
void check_unicode_path(std::string_view data, std::string_view entry) {
  if (data.size() < 5 || data[0] != 1 || data.substr(5) != entry) {
    throw bad_extra(entry, "an extra field gives it another name");
  }
}

// 2 bytes alignment, then zeros.
void check_alignment(std::string_view data, std::string_view entry) {
  if (data.size() < 2 || data.find_first_not_of('\0', 2) != std::string_view::npos) {
    throw bad_extra(entry, "its alignment padding is not zero");
  }
}

std::string hex16(uint16_t value) {
  static const char digits[] = "0123456789abcdef";
  std::string out = "0x";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[value >> shift & 15];
  return out;
}

}  // namespace

ZipExtra parse_zip_extra(std::string_view bytes, std::string_view entry, const Limits& limits) {
  ZipExtra out;
  ByteReader in(bytes, text("the extra field of zip entry ", quoted(entry)));
  bool has_unicode_path = false;
  for (uint64_t count = 1; in.left() > 0; ++count) {
    check_limit(text("the number of extra fields of zip entry ", quoted(entry)), count, limits.extra_fields);
    uint16_t id = in.u16();
    std::string_view data = in.take(in.u16());
    switch (id) {
      case kZip64:
        if (out.has_zip64) throw bad_extra(entry, "two zip64 extra fields");
        out = {true, data};
        break;
      case kUnicodePath:
        if (has_unicode_path) throw bad_extra(entry, "two extra fields with a name");
        has_unicode_path = true;
        check_unicode_path(data, entry);
        break;
      case kAlignment:
        check_alignment(data, entry);
        break;
      case kNtfsTimes:
      case kUnixTimes:
      case kUnixOld:
      case kUnixOwnerOld:
      case kUnixOwner:
      case kUnicodeComment:
      case kJarMarker:
      case kTorchPadding:
        break;
      default:
        throw Error(Code::Unsupported,
                    text("zip entry ", quoted(entry), ": extra field ", hex16(id), " is not known"),
                    "another program rewrote the file; pack the model again");
    }
  }
  return out;
}

}  // namespace carton::format
