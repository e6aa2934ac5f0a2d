// Symbolic links in a zip, as existing packers write them: relative links to files of the carton.
#pragma once

#include <string>
#include <vector>

#include "format/zip_index.h"

namespace carton::format {

struct ZipLink {
  std::string name;    // the link's own
  std::string target;  // as written in it
};

// A copy of the entry that each link finally leads to, under the link's name. `files` is sorted by
// name. FORMAT for a link that is absolute, leaves the carton, dangles, loops, or leads to a folder.
std::vector<ZipEntry> resolve_zip_links(const std::vector<ZipLink>& links,
                                        const std::vector<ZipEntry>& files);

}  // namespace carton::format
