// Runners for tests: shell commands started through launch(), and what /proc tells of them.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runner/launch.h"

namespace carton::fake {

using std::chrono::milliseconds;

inline constexpr milliseconds kPatience{10'000};  // far beyond what any step takes

class TempFolder {
 public:
  TempFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "carton-test-XXXXXX").string();
    path_ = std::filesystem::canonical(::mkdtemp(path.data())).string();
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  // Writes a file, making its folders; returns its path.
  std::string write(const std::string& name, const std::string& content, mode_t mode = 0644) const {
    std::filesystem::path file = *this / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    ::chmod(file.c_str(), mode);
    return file.string();
  }

 private:
  std::string path_;
};

inline LaunchSpec shell(const std::string& script) {
  LaunchSpec spec;
  spec.program = "/bin/sh";
  spec.arguments = {"-c", script};
  return spec;
}

// What comes through `fd` until `end` was seen or the writers are gone.
inline std::string read_until(int fd, const std::string& end) {
  std::string out;
  char buffer[4096];
  while (end.empty() || out.find(end) == std::string::npos) {
    pollfd descriptor{fd, POLLIN, 0};
    if (::poll(&descriptor, 1, static_cast<int>(kPatience.count())) <= 0) return out + "<timeout>";
    ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n <= 0) break;
    out.append(buffer, static_cast<size_t>(n));
  }
  return out;
}
inline std::string read_all(int fd) { return read_until(fd, ""); }

// The next message of the control socket; "" at its end.
inline std::string receive(int fd) {
  pollfd descriptor{fd, POLLIN, 0};
  if (::poll(&descriptor, 1, static_cast<int>(kPatience.count())) <= 0) return "<timeout>";
  char buffer[4096];
  ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
  return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : "";
}

inline std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string proc(pid_t pid, const std::string& file) {
  return slurp("/proc/" + std::to_string(pid) + "/" + file);
}

// The value of "Name:\tvalue" in /proc/<pid>/status.
inline std::string status_field(pid_t pid, const std::string& name) {
  std::string status = proc(pid, "status");
  size_t start = status.find("\n" + name + ":\t");
  if (start == std::string::npos) return "<absent>";
  start += name.size() + 3;
  return status.substr(start, status.find('\n', start) - start);
}

inline std::set<std::string> names_in(const std::string& folder) {
  std::set<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) out.insert(entry.path().filename());
  return out;
}

inline size_t open_descriptors() { return names_in("/proc/self/fd").size(); }

// Gone, or a zombie that nobody but its parent can see.
inline bool is_running(pid_t pid) {
  std::string state = status_field(pid, "State");
  return state != "<absent>" && state[0] != 'Z' && state[0] != 'X';
}

}  // namespace carton::fake
