#include "format/triple.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/error.h"
#include "base/strings.h"

namespace carton::format {
namespace {

using Words = std::vector<std::string_view>;

// The words that triples are made of, as LLVM and Rust spell them.
const Words& architectures() {
  static const Words words = {
      "aarch64",     "aarch64_be", "amdgcn",   "arm",         "armeb",    "armv4t",    "armv5te",
      "armv6",       "armv7",      "armv7a",   "armv7r",      "armv7s",   "armv8",     "asmjs",
      "hexagon",     "i386",       "i586",     "i686",        "m68k",     "mips",      "mips64",
      "mips64el",    "mipsel",     "msp430",   "nvptx64",     "powerpc",  "powerpc64", "powerpc64le",
      "riscv32",     "riscv32gc",  "riscv32i", "riscv32imac", "riscv64",  "riscv64gc", "riscv64imac",
      "s390x",       "sparc",      "sparc64",  "sparcv9",     "thumbv6m", "thumbv7em", "thumbv7m",
      "thumbv7neon", "unknown",    "wasm32",   "wasm64",      "x86_64",   "x86_64h",   "loongarch64"};
  return words;
}
const Words& systems() {
  static const Words words = {"unknown", "aix",       "amdhsa",     "bitrig",     "cloudabi", "cuda",
                              "darwin",  "dragonfly", "emscripten", "espidf",     "freebsd",  "fuchsia",
                              "haiku",   "hermit",    "horizon",    "illumos",    "ios",      "l4re",
                              "linux",   "macosx",    "nebulet",    "netbsd",     "none",     "openbsd",
                              "psp",     "redox",     "solaris",    "solid_asp3", "tvos",     "uefi",
                              "vxworks", "wasi",      "watchos",    "windows"};
  return words;
}
const Words& environments() {
  static const Words words = {
      "unknown",   "amdgiz",     "android",     "androideabi", "eabi",      "eabihf",   "gnu",
      "gnu_ilp32", "gnuabi64",   "gnueabi",     "gnueabihf",   "gnullvm",   "gnuspe",   "gnux32",
      "kernel",    "macabi",     "msvc",        "musl",        "muslabi64", "musleabi", "musleabihf",
      "newlib",    "ohos",       "sgx",         "sim",         "softfloat", "spe",      "threads",
      "uclibc",    "uclibceabi", "uclibceabihf"};
  return words;
}
const Words& binary_formats() {
  static const Words words = {"unknown", "coff", "elf", "macho", "wasm", "xcoff"};
  return words;
}

bool contains(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_vendor(std::string_view word) {
  if (word == "unknown") return true;
  if (contains(architectures(), word) || contains(systems(), word) || contains(environments(), word) ||
      contains(binary_formats(), word)) {
    return false;
  }
  bool starts_lower = !word.empty() && word.front() >= 'a' && word.front() <= 'z';
  return starts_lower && std::all_of(word.begin(), word.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                  c == '.';
         });
}

// What is left of a triple, taken part by part: each part may be absent.
class Parts {
 public:
  explicit Parts(std::string_view triple) : rest_(triple) {}
  bool done() const { return done_; }
  std::string_view peek() const { return rest_.substr(0, rest_.find('-')); }
  void next() {
    size_t dash = rest_.find('-');
    done_ = dash == std::string_view::npos;
    if (!done_) rest_.remove_prefix(dash + 1);
  }
  std::string take(bool matches) {
    if (done_ || !matches) return "unknown";
    std::string part(peek());
    next();
    return part;
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

std::string implied_binary_format(const std::string& architecture, const std::string& system,
                                  const std::string& environment) {
  if (system == "darwin" || system == "ios" || system == "tvos" || system == "watchos" || system == "macosx")
    return "macho";
  if (system == "windows") return "coff";
  if (system == "aix") return "xcoff";
  if (system == "none" && environment != "eabi" && environment != "eabihf") return "unknown";
  bool bare = system == "unknown" || system == "wasi" || system == "emscripten" || system == "nebulet" ||
              system == "vxworks";
  if (bare) return architecture == "wasm32" || architecture == "wasm64" ? "wasm" : "unknown";
  return "elf";
}

}  // namespace

std::string canonical_triple(std::string_view triple) {
  auto refuse = [&](std::string_view why) {
    return Error(Code::Format, text(quoted(triple), " is no target triple: ", why),
                 "write a triple such as `x86_64-unknown-linux-gnu` or `aarch64-apple-darwin`");
  };
  Parts parts(triple);
  std::string architecture(parts.peek());
  if (architecture == "arm64") architecture = "aarch64";
  if (!contains(architectures(), architecture)) throw refuse("it does not begin with an architecture");
  parts.next();
  std::string vendor = parts.take(is_vendor(parts.peek()));
  std::string system = parts.take(contains(systems(), parts.peek()));
  std::string environment = parts.take(contains(environments(), parts.peek()));
  std::string implied = implied_binary_format(architecture, system, environment);
  bool has_format = !parts.done() && contains(binary_formats(), parts.peek());
  std::string binary_format = has_format ? parts.take(true) : implied;
  if (!parts.done()) throw refuse(text("unexpected part ", quoted(parts.peek())));

  // Some systems are written without the vendor that nobody knows.
  bool no_vendor = vendor == "unknown" && (system == "wasi" || system == "fuchsia" ||
                                           (system == "linux" && environment.rfind("android", 0) == 0));
  std::string out = architecture + (no_vendor ? "" : "-" + vendor) + "-" + system;
  if (environment != "unknown") out += "-" + environment;
  if (binary_format != implied) out += "-" + binary_format;
  return out;
}

}  // namespace carton::format
