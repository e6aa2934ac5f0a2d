#include "format/semver.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"

namespace carton::format {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_identifier_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}
bool is_numeric(std::string_view s) { return std::all_of(s.begin(), s.end(), is_digit); }

// Walks over a version or requirement; `what` names it in messages.
class Scanner {
 public:
  Scanner(std::string_view input, const char* what) : all_(input), rest_(input), what_(what) {}

  bool done() const { return rest_.empty(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_wildcard() { return take('*') || take('x') || take('X'); }
  void skip_spaces() {
    while (take(' ')) continue;
  }

  uint64_t number(const char* part) {
    if (rest_.empty() || !is_digit(rest_.front())) throw error(text("expected a ", part, " number"));
    if (rest_.size() > 1 && rest_[0] == '0' && is_digit(rest_[1])) {
      throw error(text("the ", part, " number has a leading zero"));
    }
    uint64_t value = 0;
    while (!rest_.empty() && is_digit(rest_.front())) {
      uint64_t digit = static_cast<uint64_t>(rest_.front() - '0');
      if (__builtin_mul_overflow(value, 10u, &value) || __builtin_add_overflow(value, digit, &value)) {
        throw error(text("the ", part, " number exceeds 2^64 - 1"));
      }
      rest_.remove_prefix(1);
    }
    return value;
  }

  // "alpha.1": dot-separated parts, none empty; in a pre-release, no leading zeros in a number.
  std::string identifiers(const char* part, bool zeros_allowed) {
    size_t length = 0;
    while (length < rest_.size() && (is_identifier_char(rest_[length]) || rest_[length] == '.')) ++length;
    std::string_view found = rest_.substr(0, length);
    for (size_t start = 0; start <= found.size();) {
      size_t end = std::min(found.find('.', start), found.size());
      std::string_view one = found.substr(start, end - start);
      if (one.empty()) throw error(text("the ", part, " has an empty part"));
      if (!zeros_allowed && one.size() > 1 && one[0] == '0' && is_numeric(one)) {
        throw error(text("the ", part, " has a number with a leading zero"));
      }
      start = end + 1;
    }
    rest_.remove_prefix(length);
    return std::string(found);
  }

  Error error(std::string_view why) const {
    std::string at = rest_.empty() ? std::string("at its end") : text("before ", quoted(rest_));
    return Error(Code::Format, text(what_, " ", quoted(all_), ": ", why, ", ", at));
  }

 private:
  std::string_view all_, rest_;
  const char* what_;
};

std::strong_ordering compare_identifier(std::string_view a, std::string_view b) {
  bool a_numeric = is_numeric(a), b_numeric = is_numeric(b);
  if (a_numeric != b_numeric) return a_numeric ? std::strong_ordering::less : std::strong_ordering::greater;
  // Numbers have no leading zeros here, so that a longer one is a larger one, of any size.
  if (a_numeric && a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::strong_ordering compare_pre(std::string_view a, std::string_view b) {
  // A release comes after all of its pre-releases.
  if (a.empty() || b.empty()) return a.empty() <=> b.empty();
  for (;;) {
    size_t a_end = std::min(a.find('.'), a.size()), b_end = std::min(b.find('.'), b.size());
    auto order = compare_identifier(a.substr(0, a_end), b.substr(0, b_end));
    if (order != 0) return order;
    bool a_last = a_end == a.size(), b_last = b_end == b.size();
    if (a_last || b_last) return b_last <=> a_last;
    a.remove_prefix(a_end + 1);
    b.remove_prefix(b_end + 1);
  }
}

}  // namespace

Version Version::parse(std::string_view input) {
  Scanner in(input, "version");
  Version out;
  out.major = in.number("major");
  if (!in.take('.')) throw in.error("expected `.` and a minor number");
  out.minor = in.number("minor");
  if (!in.take('.')) throw in.error("expected `.` and a patch number");
  out.patch = in.number("patch");
  if (in.take('-')) out.pre = in.identifiers("pre-release", false);
  if (in.take('+')) out.build = in.identifiers("build metadata", true);
  if (!in.done()) throw in.error("unexpected text");
  return out;
}

std::string Version::text() const {
  std::string out = carton::text(major, '.', minor, '.', patch);
  if (!pre.empty()) out += "-" + pre;
  if (!build.empty()) out += "+" + build;
  return out;
}

std::strong_ordering compare(const Version& a, const Version& b) {
  if (a.major != b.major) return a.major <=> b.major;
  if (a.minor != b.minor) return a.minor <=> b.minor;
  if (a.patch != b.patch) return a.patch <=> b.patch;
  return compare_pre(a.pre, b.pre);
}

class VersionReq::Parser {
 public:
  explicit Parser(std::string_view input) : in_(input, "version requirement") {}

  std::vector<Comparator> parse() {
    constexpr size_t kMaxComparators = 32;
    std::vector<Comparator> out;
    in_.skip_spaces();
    if (in_.take_wildcard()) {
      in_.skip_spaces();
      if (!in_.done()) throw in_.error("a wildcard for all versions must stand alone");
      return out;
    }
    for (;;) {
      if (out.size() == kMaxComparators) throw in_.error("more than 32 comparators");
      out.push_back(comparator());
      in_.skip_spaces();
      if (in_.done()) return out;
      if (!in_.take(',')) throw in_.error("expected `,` between comparators");
      in_.skip_spaces();
    }
  }

 private:
  Comparator comparator() {
    Comparator c;
    bool default_op = !take_op(c.op);
    in_.skip_spaces();
    c.major = in_.number("major");
    bool wildcard = false;
    c.minor = part("minor", wildcard);
    if (c.minor || wildcard) c.patch = part("patch", wildcard);
    if (wildcard && default_op) c.op = Op::Wildcard;
    if (c.patch && in_.take('-')) c.pre = in_.identifiers("pre-release", false);
    if (c.patch && in_.take('+')) in_.identifiers("build metadata", true);
    return c;
  }

  bool take_op(Op& op) {
    if (in_.take('=')) return op = Op::Exact, true;
    if (in_.take('>')) return op = in_.take('=') ? Op::GreaterEq : Op::Greater, true;
    if (in_.take('<')) return op = in_.take('=') ? Op::LessEq : Op::Less, true;
    if (in_.take('~')) return op = Op::Tilde, true;
    if (in_.take('^')) return op = Op::Caret, true;
    return false;
  }

  std::optional<uint64_t> part(const char* name, bool& wildcard) {
    if (!in_.take('.')) return std::nullopt;
    if (in_.take_wildcard()) {
      wildcard = true;
      return std::nullopt;
    }
    if (wildcard) throw in_.error("a number after a wildcard");
    return in_.number(name);
  }

  Scanner in_;
};

VersionReq VersionReq::parse(std::string_view input) {
  VersionReq out;
  out.comparators_ = Parser(input).parse();
  return out;
}

bool VersionReq::matches(const Version& version) const {
  for (const Comparator& c : comparators_) {
    if (!matches_one(c, version)) return false;
  }
  if (version.pre.empty()) return true;
  return std::any_of(comparators_.begin(), comparators_.end(), [&](const Comparator& c) {
    return !c.pre.empty() && c.major == version.major && c.minor == version.minor && c.patch == version.patch;
  });
}

bool VersionReq::matches_one(const Comparator& c, const Version& v) {
  switch (c.op) {
    case Op::Exact:
    case Op::Wildcard:
      return matches_exact(c, v);
    case Op::Greater:
      return matches_greater(c, v);
    case Op::GreaterEq:
      return matches_exact(c, v) || matches_greater(c, v);
    case Op::Less:
      return matches_less(c, v);
    case Op::LessEq:
      return matches_exact(c, v) || matches_less(c, v);
    case Op::Tilde:
      return matches_tilde(c, v);
    case Op::Caret:
      return matches_caret(c, v);
  }
  return false;
}

bool VersionReq::matches_exact(const Comparator& c, const Version& v) {
  return v.major == c.major && (!c.minor || v.minor == *c.minor) && (!c.patch || v.patch == *c.patch) &&
         v.pre == c.pre;
}

bool VersionReq::matches_greater(const Comparator& c, const Version& v) {
  if (v.major != c.major) return v.major > c.major;
  if (!c.minor) return false;
  if (v.minor != *c.minor) return v.minor > *c.minor;
  if (!c.patch) return false;
  if (v.patch != *c.patch) return v.patch > *c.patch;
  return compare_pre(v.pre, c.pre) > 0;
}

bool VersionReq::matches_less(const Comparator& c, const Version& v) {
  if (v.major != c.major) return v.major < c.major;
  if (!c.minor) return false;
  if (v.minor != *c.minor) return v.minor < *c.minor;
  if (!c.patch) return false;
  if (v.patch != *c.patch) return v.patch < *c.patch;
  return compare_pre(v.pre, c.pre) < 0;
}

bool VersionReq::matches_tilde(const Comparator& c, const Version& v) {
  if (v.major != c.major || (c.minor && v.minor != *c.minor)) return false;
  if (c.patch && v.patch != *c.patch) return v.patch > *c.patch;
  return compare_pre(v.pre, c.pre) >= 0;
}

// The leftmost non-zero number must stay.
bool VersionReq::matches_caret(const Comparator& c, const Version& v) {
  if (v.major != c.major) return false;
  if (!c.minor) return true;
  if (!c.patch) return c.major > 0 ? v.minor >= *c.minor : v.minor == *c.minor;
  if (v.minor != *c.minor) return c.major > 0 && v.minor > *c.minor;
  if (v.patch != *c.patch) return (c.major > 0 || *c.minor > 0) && v.patch > *c.patch;
  return compare_pre(v.pre, c.pre) >= 0;
}

std::string VersionReq::render(const Comparator& c) {
  static const char* const kOps[] = {"=", ">", ">=", "<", "<=", "~", "^", ""};
  std::string out = carton::text(kOps[static_cast<int>(c.op)], c.major);
  if (c.minor) out += carton::text('.', *c.minor);
  if (c.patch) out += carton::text('.', *c.patch);
  if (c.op == Op::Wildcard) out += ".*";
  if (!c.pre.empty()) out += "-" + c.pre;
  return out;
}

std::string VersionReq::text() const {
  if (comparators_.empty()) return "*";
  std::string out;
  for (const Comparator& c : comparators_) out += (out.empty() ? "" : ", ") + render(c);
  return out;
}

}  // namespace carton::format
