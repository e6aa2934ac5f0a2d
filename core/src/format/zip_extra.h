// The extra field of a zip record: a list of (id, size, data).
#pragma once

#include <string_view>

#include "format/limits.h"

namespace carton::format {

struct ZipExtra {
  bool has_zip64 = false;
  std::string_view zip64;  // its data
};

// Every field must be one we can explain: zip64, times, owners, the same name in UTF-8, alignment
// padding. FORMAT for a field that overruns, comes twice, or gives another name; UNSUPPORTED for an
// unknown or encryption field; LIMIT for too many.
ZipExtra parse_zip_extra(std::string_view bytes, std::string_view entry_name, const Limits& limits);

}  // namespace carton::format
