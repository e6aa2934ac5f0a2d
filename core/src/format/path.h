// The one rule for names of files inside a carton, whoever wrote them: zip, MANIFEST or a reference.
#pragma once

#include <string>
#include <string_view>

#include "format/limits.h"

namespace carton::format {

// A relative path of non-empty segments separated by `/`, UTF-8, without `.` and `..` segments,
// control bytes, backslashes and colons (drives and streams on Windows). Throws FORMAT, LIMIT.
void check_path(std::string_view path, const Limits& limits);

// The path that the symbolic link at `link` names by `target`, relative to the link's folder:
// ("model/a", "../misc/b") is "misc/b". Throws FORMAT for an absolute target or one that leaves the
// carton.
std::string resolve_link(std::string_view link, std::string_view target);

}  // namespace carton::format
