#include "runner/pip_requirement.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string_view>
#include <vector>

#include "base/strings.h"

namespace carton {
namespace {

// One comparator of a requirement in canonical form: "^1.2".
struct Comparator {
  std::string op;               // empty for a wildcard, "1.2.*"
  std::vector<uint64_t> parts;  // one to three
  std::string pre;              // "-alpha"
};

Comparator read(std::string_view text) {
  Comparator out;
  const size_t digits = text.find_first_of("0123456789");
  out.op = std::string(text.substr(0, digits));
  std::string_view numbers = text.substr(digits);
  if (const size_t dash = numbers.find('-'); dash != std::string_view::npos) {
    out.pre = std::string(numbers.substr(dash));
    numbers = numbers.substr(0, dash);
  }
  std::istringstream stream{std::string(numbers)};
  for (std::string part; std::getline(stream, part, '.');) {
    if (part != "*") out.parts.push_back(std::stoull(part));
  }
  return out;
}

std::string join(const std::vector<uint64_t>& parts) {
  std::string out;
  for (uint64_t part : parts) out += (out.empty() ? "" : ".") + std::to_string(part);
  return out;
}

// The least version above all that begin with the first `count` parts.
std::string after(const Comparator& c, size_t count) {
  std::vector<uint64_t> parts(c.parts.begin(), c.parts.begin() + static_cast<std::ptrdiff_t>(count));
  parts.back() += 1;
  return join(parts);
}

// How many leading parts `^` holds fixed: those up to the first that is not 0.
size_t caret_parts(const Comparator& c) {
  size_t count = 1;
  while (count < c.parts.size() && c.parts[count - 1] == 0) ++count;
  return count;
}

std::string specifier(const Comparator& c) {
  const std::string version = join(c.parts) + c.pre;
  const bool whole = c.parts.size() == 3;
  if (c.op == "=" || c.op.empty()) return "==" + version + (whole ? "" : ".*");
  if (c.op == ">") return whole ? ">" + version : ">=" + after(c, c.parts.size());
  if (c.op == "<=") return whole ? "<=" + version : "<" + after(c, c.parts.size());
  if (c.op == ">=" || c.op == "<") return c.op + version;
  const size_t fixed = c.op == "~" ? std::min<size_t>(c.parts.size(), 2) : caret_parts(c);
  if (fixed == c.parts.size() && !whole) return "==" + version + ".*";
  return ">=" + version + ",<" + after(c, fixed);
}

}  // namespace

std::string pip_requirement(const std::string& package, const format::VersionReq& requirement) {
  std::string out;
  std::istringstream stream(requirement.text());
  for (std::string one; !requirement.any() && std::getline(stream, one, ',');) {
    out += (out.empty() ? "" : ",") + specifier(read(one.substr(one.find_first_not_of(' '))));
  }
  return package + out;
}

}  // namespace carton
