#include "format/limits.h"

#include "base/error.h"
#include "base/strings.h"

namespace carton::format {

void check_limit(std::string_view what, uint64_t value, uint64_t limit) {
  if (value <= limit) return;
  throw Error(Code::Limit, text(what, " is limited to ", limit, ", got ", value));
}

}  // namespace carton::format
