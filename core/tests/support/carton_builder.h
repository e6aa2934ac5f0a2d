// Builds whole cartons for tests.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>

#include "io/codecs.h"
#include "support/zip_builder.h"

namespace carton::test {

inline std::string sha256_of(const std::string& bytes) {
  return sha256_hex(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size());
}

inline const char* const kMinimalToml = R"(spec_version = 1
[runner]
runner_name = 'noop'
required_framework_version = '^1'
runner_compat_version = 1
)";

// A folder below the system's, removed at the end.
class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "carton-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = pattern;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string path() const { return path_.string(); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out) throw std::runtime_error("write " + path);
}

// A good carton of a few files; tests change one thing each.
struct CartonBuilder {
  std::map<std::string, std::string> files = {
      {"carton.toml", kMinimalToml},
      {"model/weights.bin", std::string(1000, 'w')},
      {"model/sub/config.json", "{}"},
      {"misc/read me.txt", "hello"},
  };
  std::map<std::string, int> methods = {{"carton.toml", 93}, {"misc/read me.txt", 8}};
  std::map<std::string, std::string> linked;  // path -> sha256: listed, not held
  std::string links;                          // content of LINKS; empty: none
  std::string manifest_override;              // instead of the right one

  std::string manifest() const {
    if (!manifest_override.empty()) return manifest_override;
    std::map<std::string, std::string> lines = linked;
    for (const auto& [path, content] : files) lines[path] = sha256_of(content);
    std::string out;
    for (const auto& [path, hash] : lines) out += path + "=" + hash + "\n";
    return out;
  }

  std::map<std::string, std::string> all_files() const {
    auto out = files;
    out["MANIFEST"] = manifest();
    if (!links.empty()) out["LINKS"] = links;
    return out;
  }

  std::vector<ZipItem> items() const {
    std::vector<ZipItem> out;
    for (const auto& [path, content] : all_files()) {
      auto method = methods.find(path);
      out.push_back(item(path, content, method == methods.end() ? 0 : method->second));
    }
    return out;
  }

  std::string zip() const { return build_zip(items()); }

  void write_directory(const std::string& root) const {
    for (const auto& [path, content] : all_files()) write_file(root + "/" + path, content);
  }
};

}  // namespace carton::test
