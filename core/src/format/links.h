// LINKS: where files that the carton does not hold can be fetched, by the sha256 of their content.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "format/limits.h"

namespace carton::format {

struct Links {
  std::map<std::string, std::vector<std::string>> urls;  // best first; never an empty list

  // Throws FORMAT for a malformed file, POLICY for a URL that is not http(s) or holds credentials, LIMIT.
  static Links parse(std::string_view toml, const Limits& limits = {});
};

}  // namespace carton::format
