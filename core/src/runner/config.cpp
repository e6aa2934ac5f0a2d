#include "runner/config.h"

#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/strings.h"
#include "format/toml.h"
#include "io/file_source.h"

namespace carton {
namespace {

constexpr uint64_t kMaxConfigBytes = format::kMiB;

struct Setting {
  const char* variable;
  const char* key;
  const char* fallback;
  std::string Config::*value;
};

constexpr Setting kSettings[] = {
    {"CARTON_RUNNER_DIR", "runner_dir", "~/.carton/runners", &Config::runner_dir},
    {"CARTON_RUNNER_DATA_DIR", "runner_data_dir", "~/.carton/runner_data", &Config::runner_data_dir},
    {"CARTON_CACHE_DIR", "cache_dir", "~/.carton/cache", &Config::cache_dir},
};

// nullopt when unset or empty.
std::optional<std::string> variable(const char* name) {
  const char* value = ::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

// $HOME, else what the user database says; nullopt where there is neither (some containers).
std::optional<std::string> home() {
  if (auto path = variable("HOME")) return path;
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16 * 1024);
  ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr || entry.pw_dir == nullptr || *entry.pw_dir == '\0') return std::nullopt;
  return entry.pw_dir;
}

std::string expand_home(const std::string& path, const char* purpose) {
  if (path != "~" && path.rfind("~/", 0) != 0) return path;
  auto folder = home();
  if (!folder) {
    throw Error(Code::Invalid,
                text("no home folder for `", path, "`: HOME is not set, and user ", ::getuid(),
                     " is not in the user database"),
                text("set HOME or ", purpose));
  }
  return *folder + path.substr(1);
}

// Absolute, without `.`, `..` and trailing slashes.
std::string absolute(const std::string& path) {
  std::error_code error;
  std::filesystem::path full = std::filesystem::absolute(path, error);
  if (error) throw os_error(text("find the absolute path of ", carton::quoted(path)), error.value());
  full = full.lexically_normal();
  return full.has_filename() || full == full.root_path() ? full.string() : full.parent_path().string();
}

std::string read_config(const std::string& path) {
  auto file = FileSource::open(path);
  format::check_limit(text("the size of ", path, ", in bytes,"), file->size(), kMaxConfigBytes);
  std::string content(file->size(), '\0');
  file->read_at(0, reinterpret_cast<std::byte*>(content.data()), content.size());
  return content;
}

// The config file's table; empty when there is no file and none was asked for.
toml::table config_table(std::string* path) {
  auto chosen = variable("CARTON_CONFIG_PATH");
  if (chosen) {
    *path = expand_home(*chosen, "CARTON_CONFIG_PATH");
  } else {
    auto folder = home();
    if (!folder) return {};
    *path = *folder + "/.carton/config.toml";
    struct stat info {};
    if (::stat(path->c_str(), &info) != 0 && (errno == ENOENT || errno == ENOTDIR)) return {};
  }
  try {
    return format::parse_toml(read_config(*path), *path, kMaxConfigBytes, {});
  } catch (const Error& error) {
    if (error.code() == Code::Format)
      throw Error(Code::Invalid, error.message(), "correct or remove the file");
    if (!chosen) throw;
    throw Error(error.code(), error.message(),
                "it is named by CARTON_CONFIG_PATH; correct or unset the variable");
  }
}

std::optional<std::string> value_in(const toml::table& table, const std::string& path, const char* key) {
  try {
    auto value = format::TomlView(table, path).string(key);
    if (value && (value->empty() || value->find('\0') != std::string::npos)) {
      throw Error(Code::Invalid, text(path, ": `", key, "` expected a path, got ", carton::quoted(*value),
                                      " (line ", table.get(key)->source().begin.line, ")"));
    }
    return value;
  } catch (const Error& error) {
    throw Error(Code::Invalid, error.message(), text("give `", key, "` as a quoted path, or remove it"));
  }
}

}  // namespace

Config load_config() {
  std::string path;
  const toml::table table = config_table(&path);
  Config config;
  for (const Setting& setting : kSettings) {
    std::optional<std::string> value = value_in(table, path, setting.key);
    if (auto chosen = variable(setting.variable)) value = expand_home(*chosen, setting.variable);
    config.*setting.value = absolute(value ? *value : expand_home(setting.fallback, setting.variable));
  }
  return config;
}

}  // namespace carton
