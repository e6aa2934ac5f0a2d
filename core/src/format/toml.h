// toml++ behind our limits, and a view of a table whose getters say what was expected and where.
//
// Header-only, whatever the system's packages say: the nesting cap below is compiled into the parser,
// which uses about 3.3 KB of stack per level (this must fit threads with 256 KiB). Every file that
// needs toml++ includes this one, so that all agree on the cap.
#pragma once

#define TOML_HEADER_ONLY 1
#define TOML_MAX_NESTED_VALUES 65  // kMaxTomlDepth brackets, and a value in the innermost
#include <toml++/toml.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "format/limits.h"

namespace carton::format {

// Parses `bytes`, the content of the file `name`. Throws LIMIT (size, depth), FORMAT with line and column.
toml::table parse_toml(std::string_view bytes, std::string_view name, uint64_t max_bytes,
                       const Limits& limits);

// A table and the way to it. Getters throw FORMAT for a value of another type:
// "carton.toml: `runner.runner_name` expected a string, got an integer (line 3)".
class TomlView {
 public:
  TomlView(const toml::table& table, std::string file, std::string path = {})
      : table_(&table), file_(std::move(file)), path_(std::move(path)) {}

  std::optional<std::string> string(std::string_view key) const;
  std::string required_string(std::string_view key) const;
  uint64_t required_unsigned(std::string_view key) const;
  std::optional<TomlView> table(std::string_view key) const;
  TomlView required_table(std::string_view key) const;
  // The tables of [[key]], or of `key = [{...}]`; nullopt when absent.
  std::optional<std::vector<TomlView>> tables(std::string_view key) const;
  // The strings of `key = ["a", "b"]`; nullopt when absent.
  std::optional<std::vector<std::string>> strings(std::string_view key) const;

  const toml::node* find(std::string_view key) const { return table_->get(key); }
  const toml::table& raw() const { return *table_; }
  // FORMAT: "`path.key` expected EXPECTED, got KIND (line N)", "is missing" for no node.
  Error mismatch(std::string_view key, std::string_view expected, const toml::node* got) const;
  Error error(std::string_view key, std::string_view why) const;

 private:
  std::string path_of(std::string_view key) const;

  const toml::table* table_;
  std::string file_, path_;
};

}  // namespace carton::format
