// Semantic versions and requirements, with the grammar and matching of the Rust crate semver 1.x,
// which fixed the meaning of `required_framework_version` in format v1.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carton::format {

struct Version {
  uint64_t major = 0, minor = 0, patch = 0;
  std::string pre;    // "alpha.1"; empty: none
  std::string build;  // "cu118"; empty: none; ignored by matching

  // "1.2.3", "1.2.3-alpha.1+cu118": all three numbers, no spaces, no `v`. Throws FORMAT.
  static Version parse(std::string_view text);
  std::string text() const;
};

// Semver precedence; build metadata does not count.
std::strong_ordering compare(const Version& a, const Version& b);

class VersionReq {
 public:
  // ">=2.0, <2.6", "=2.0", "1.2.*", "*": 1 to 32 comparators. Throws FORMAT.
  static VersionReq parse(std::string_view text);

  // A version with a pre-release tag matches only if some comparator with a tag has the same numbers.
  bool matches(const Version& version) const;
  // Canonical: ">= 2.0" is ">=2.0", "1.2" is "^1.2", "=1.2.*" is "=1.2".
  std::string text() const;
  // No comparator at all ("*"): every version but pre-releases.
  bool any() const { return comparators_.empty(); }

 private:
  enum class Op { Exact, Greater, GreaterEq, Less, LessEq, Tilde, Caret, Wildcard };
  struct Comparator {
    Op op = Op::Caret;
    uint64_t major = 0;
    std::optional<uint64_t> minor, patch;
    std::string pre;
  };
  class Parser;

  static bool matches_exact(const Comparator& c, const Version& v);
  static bool matches_greater(const Comparator& c, const Version& v);
  static bool matches_less(const Comparator& c, const Version& v);
  static bool matches_tilde(const Comparator& c, const Version& v);
  static bool matches_caret(const Comparator& c, const Version& v);
  static bool matches_one(const Comparator& c, const Version& v);
  static std::string render(const Comparator& c);

  std::vector<Comparator> comparators_;
};

}  // namespace carton::format
