// How deep a TOML text nests, found without recursion and before the parser sees it.
#pragma once

#include <cstdint>
#include <string_view>

#include "format/limits.h"

namespace carton::format {

// Throws LIMIT when arrays, tables and the parts of dotted keys nest deeper than limits.toml_depth.
// The parser's own cap counts brackets only: a key of 200,000 dotted parts would build, and destroy
// recursively, as many tables. Malformed text passes; the parser refuses it where it breaks.
void check_toml_depth(std::string_view text, std::string_view name, const Limits& limits);

}  // namespace carton::format
