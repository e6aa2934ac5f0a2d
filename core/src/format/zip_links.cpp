#include "format/zip_links.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/strings.h"
#include "format/path.h"

namespace carton::format {

std::vector<ZipEntry> resolve_zip_links(const std::vector<ZipLink>& links,
                                        const std::vector<ZipEntry>& files) {
  std::unordered_map<std::string, const ZipEntry*> file_of;
  for (const ZipEntry& file : files) file_of.emplace(file.name, &file);
  std::unordered_map<std::string, const ZipLink*> link_of;
  for (const ZipLink& link : links) link_of.emplace(link.name, &link);

  auto resolve = [&](const ZipLink& first) {
    constexpr int kLongestChain = 40;  // as in Linux
    const ZipLink* link = &first;
    for (int step = 0; step < kLongestChain; ++step) {
      std::string path = resolve_link(link->name, link->target);
      if (auto file = file_of.find(path); file != file_of.end()) return *file->second;
      auto next = link_of.find(path);
      if (next == link_of.end()) {
        throw Error(Code::Format, text("symbolic link ", quoted(link->name), " to ", quoted(link->target),
                                       " does not lead to a file of the carton"));
      }
      link = next->second;
    }
    throw Error(Code::Format, text("symbolic link ", quoted(first.name), " loops"));
  };

  std::vector<ZipEntry> out;
  for (const ZipLink& link : links) {
    out.push_back(resolve(link));
    out.back().name = link.name;
  }
  return out;
}

}  // namespace carton::format
