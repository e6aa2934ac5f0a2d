// Which runners are installed: every `runner.toml` below the runner directory. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace carton {

// The interface between host and runner that this library speaks (handshake, wire and shared memory).
// Existing Carton's is 1, which is not spoken here.
inline constexpr uint64_t kInterfaceVersion = 2;

// One `[[runner]]` of a runner.toml. `name`, `framework_version` and so on are as the file says.
struct InstalledRunner {
  std::string name;
  std::string framework_version;  // a full semver version
  uint64_t compat_version = 0;
  uint64_t interface_version = 0;
  std::string release_date;               // RFC 3339
  int64_t released_us = 0;                // the same, in microseconds since 1970 UTC
  std::string platform;                   // target triple
  std::string program;                    // absolute path, within `directory`; need not be executable
  std::string directory;                  // absolute path of the folder that holds runner.toml
  std::vector<std::string> library_dirs;  // absolute paths of folders it reads besides its own
};

struct SkippedPath {
  std::string path;    // a runner.toml, or a folder that cannot be read
  std::string reason;  // one line: "FORMAT: `runner_path` ..."
};

struct InstalledRunners {
  std::string runner_dir;
  std::vector<InstalledRunner> runners;  // sorted by program, then by order in the file
  std::vector<SkippedPath> skipped;      // sorted by path
};

// Walks `runner_dir`, symlinks included (each folder once); folders named `.tmp*` are installations
// under way and are left out; below a runner.toml nothing is looked for. What cannot be used is
// skipped with its reason: one bad installation never hides a good one. A runner_dir that does not
// exist holds nothing. Never throws but NO_MEMORY.
InstalledRunners discover_runners(const std::string& runner_dir);

}  // namespace carton
