#include "runner/discovery.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/strings.h"
#include "format/semver.h"
#include "format/toml.h"
#include "io/file_source.h"

namespace carton {
namespace {

namespace fs = std::filesystem;
using format::TomlView;

constexpr uint64_t kMaxFileBytes = format::kMiB;
constexpr int kMaxDepth = 16;
constexpr size_t kMaxFolders = 10'000;

std::string reason_of(const Error& error) { return text(code_name(error.code()), ": ", error.message()); }

// ---- One runner.toml

int64_t parse_date(const TomlView& view, std::string_view key) {
  const std::string value = view.required_string(key);
  const bool is_date_text =
      value.size() <= 40 && value.find_first_not_of("0123456789+-.:TZtz ") == std::string::npos;
  if (is_date_text) {
    try {  // TOML's offset date-times are RFC 3339
      const toml::table table = toml::parse("date = " + value);
      if (auto at = table["date"].value_exact<toml::date_time>(); at && at->offset && table.size() == 1) {
        using namespace std::chrono;
        const sys_days day = year{at->date.year} / month{at->date.month} / at->date.day;
        const auto time = hours{at->time.hour} + minutes{at->time.minute} + seconds{at->time.second};
        const auto instant = day + time - minutes{at->offset->minutes};
        return duration_cast<microseconds>(instant.time_since_epoch()).count() + at->time.nanosecond / 1000;
      }
    } catch (const toml::parse_error&) {
    }
  }
  throw view.error(key,
                   text("expected a date and time as in 2024-05-01T12:00:00Z, got ", carton::quoted(value)));
}

std::string required_path(const TomlView& view, std::string_view key, const std::string& value) {
  if (value.empty() || value.find('\0') != std::string::npos) {
    throw view.error(key, text("expected a path, got ", carton::quoted(value)));
  }
  return value;
}

// `path` relative to `directory`, by whatever links it leads there; empty when it does not.
fs::path path_within(const fs::path& path, const fs::path& directory) {
  for (fs::path prefix = path.parent_path();; prefix = prefix.parent_path()) {
    std::error_code ignored;
    if (fs::equivalent(prefix, directory, ignored)) return path.lexically_relative(prefix);
    if (prefix == prefix.parent_path()) return {};
  }
}

// The program lies within its own installation, and no symlink leads out of it: an installation that
// was checked and published must not change its program by a link to elsewhere.
std::string parse_program(const TomlView& view, const fs::path& directory) {
  constexpr std::string_view kKey = "runner_path";
  const std::string value = required_path(view, kKey, view.required_string(kKey));
  const fs::path inner = path_within((directory / value).lexically_normal(), directory);
  if (inner.empty() || inner == ".") {
    throw view.error(kKey, text("expected a file in the folder of runner.toml, got ", carton::quoted(value)));
  }
  fs::path path = directory;
  for (const fs::path& part : inner) {
    path /= part;
    std::error_code ignored;  // what is missing is reported when it is started
    if (fs::is_symlink(fs::symlink_status(path, ignored))) {
      throw view.error(kKey, text("expected a file, got a symlink at ", carton::quoted(path.string())));
    }
  }
  return path.string();
}

std::vector<std::string> parse_library_dirs(const TomlView& view, const fs::path& directory) {
  constexpr std::string_view kKey = "library_dirs";
  std::vector<std::string> out;
  for (const std::string& value : view.strings(kKey).value_or(std::vector<std::string>{})) {
    out.push_back((directory / required_path(view, kKey, value)).lexically_normal().string());
  }
  return out;
}

InstalledRunner parse_runner(const TomlView& view, const fs::path& directory) {
  InstalledRunner runner;
  runner.name = view.required_string("runner_name");
  if (runner.name.empty()) throw view.error("runner_name", "is empty");
  runner.framework_version = view.required_string("framework_version");
  try {
    format::Version::parse(runner.framework_version);
  } catch (const Error& error) {
    throw view.error("framework_version", text("is not a full version such as 2.13.0: ", error.message()));
  }
  runner.compat_version = view.required_unsigned("runner_compat_version");
  runner.interface_version = view.required_unsigned("runner_interface_version");
  runner.release_date = view.required_string("runner_release_date");
  runner.released_us = parse_date(view, "runner_release_date");
  runner.platform = view.required_string("platform");
  runner.program = parse_program(view, directory);
  runner.directory = directory.string();
  runner.library_dirs = parse_library_dirs(view, directory);
  return runner;
}

std::string read_file(const std::string& path) {
  auto file = FileSource::open(path);
  format::check_limit("the size of runner.toml, in bytes,", file->size(), kMaxFileBytes);
  std::string content(file->size(), '\0');
  file->read_at(0, reinterpret_cast<std::byte*>(content.data()), content.size());
  return content;
}

// ---- The walk

class Walk {
 public:
  explicit Walk(InstalledRunners* found) : found_(*found) {}

  void run() {
    std::error_code error;
    const fs::path root = fs::canonical(found_.runner_dir, error);
    if (error == std::errc::no_such_file_or_directory) return;
    if (error) return skip(found_.runner_dir, text("IO: ", error.message()));
    if (has_runner_toml(root)) {
      read_installation(root);
      return;
    }
    for (const fs::path& child : folders_in(root)) {
      if (visit(child, 1) == Found::Nothing) skip(child, "FORMAT: no runner.toml in this folder or below it");
    }
  }

 private:
  enum class Found { Nothing, Something };  // a folder that is skipped for a reason counts as something

  void skip(const fs::path& path, std::string reason) {
    found_.skipped.push_back({path.string(), printable(reason)});
  }

  static bool has_runner_toml(const fs::path& folder) {
    struct stat info {};
    return ::lstat((folder / "runner.toml").c_str(), &info) == 0;
  }

  // The folders directly in `folder`, links to folders included, sorted; not those that begin `.tmp`.
  std::vector<fs::path> folders_in(const fs::path& folder) {
    std::vector<fs::path> out;
    std::error_code error;
    fs::directory_iterator it(folder, error);
    for (; !error && it != fs::directory_iterator(); it.increment(error)) {
      std::error_code ignored;  // a dangling link is no folder
      const bool is_hidden = it->path().filename().string().rfind(".tmp", 0) == 0;
      if (!is_hidden && it->is_directory(ignored)) out.push_back(it->path());
    }
    if (error) skip(folder, text("IO: ", error.message()));
    std::sort(out.begin(), out.end());
    return out;
  }

  Found visit(const fs::path& path, int depth) {
    std::error_code error;
    const fs::path folder = fs::canonical(path, error);
    struct stat info {};
    if (!error && ::stat(folder.c_str(), &info) != 0) error.assign(errno, std::generic_category());
    if (error) {
      skip(path, text("IO: ", error.message()));
      return Found::Something;
    }
    if (!seen_.emplace(info.st_dev, info.st_ino).second) return Found::Something;  // a loop, or a second link
    if (seen_.size() > kMaxFolders || depth > kMaxDepth) {
      skip(path, text("LIMIT: runners are looked for in ", kMaxFolders, " folders, ", kMaxDepth, " deep"));
      return Found::Something;
    }
    if (has_runner_toml(folder)) {
      read_installation(folder);
      return Found::Something;
    }
    const size_t skipped_before = found_.skipped.size();
    Found found = Found::Nothing;
    for (const fs::path& child : folders_in(folder)) {
      if (seen_.size() > kMaxFolders) break;
      if (visit(child, depth + 1) == Found::Something) found = Found::Something;
    }
    return found_.skipped.size() > skipped_before ? Found::Something : found;
  }

  void read_installation(const fs::path& folder) {
    const fs::path file = folder / "runner.toml";
    try {
      const toml::table table =
          format::parse_toml(read_file(file.string()), "runner.toml", kMaxFileBytes, {});
      const TomlView view(table, "runner.toml");
      view.required_unsigned("version");
      auto runners = view.tables("runner");
      if (!runners || runners->empty()) throw view.mismatch("runner", "a [[runner]] table", nullptr);
      for (const TomlView& runner : *runners) read_runner(runner, folder);
    } catch (const Error& error) {
      skip(file, reason_of(error));
    }
  }

  void read_runner(const TomlView& view, const fs::path& folder) {
    try {
      found_.runners.push_back(parse_runner(view, folder));
    } catch (const Error& error) {
      skip(folder / "runner.toml", reason_of(error));
    }
  }

  InstalledRunners& found_;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

}  // namespace

InstalledRunners discover_runners(const std::string& runner_dir) {
  InstalledRunners found;
  found.runner_dir = runner_dir;
  Walk(&found).run();
  std::stable_sort(found.runners.begin(), found.runners.end(),
                   [](const auto& a, const auto& b) { return a.program < b.program; });
  std::stable_sort(found.skipped.begin(), found.skipped.end(),
                   [](const auto& a, const auto& b) { return a.path < b.path; });
  return found;
}

}  // namespace carton
