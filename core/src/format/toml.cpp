#include "format/toml.h"

#include <sstream>

#include "base/strings.h"
#include "format/toml_depth.h"

namespace carton::format {
namespace {

const char* kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a float";
    case toml::node_type::boolean:
      return "a boolean";
    default:
      return "a date or time";
  }
}

void check_text(std::string_view bytes, std::string_view name) {
  if (!is_utf8(bytes)) throw Error(Code::Format, text(name, ": not UTF-8"));
  if (bytes.find('\0') != std::string_view::npos) throw Error(Code::Format, text(name, ": has a NUL byte"));
}

}  // namespace

toml::table parse_toml(std::string_view bytes, std::string_view name, uint64_t max_bytes,
                       const Limits& limits) {
  check_limit(text("the size of ", name, ", in bytes,"), bytes.size(), max_bytes);
  check_text(bytes, name);
  check_toml_depth(bytes, name, limits);
  try {
    return toml::parse(bytes);
  } catch (const toml::parse_error& error) {
    auto at = error.source().begin;
    throw Error(Code::Format, text(name, " line ", static_cast<uint64_t>(at.line), ", column ",
                                   static_cast<uint64_t>(at.column), ": ", printable(error.description())));
  }
}

std::string TomlView::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

Error TomlView::error(std::string_view key, std::string_view why) const {
  return Error(Code::Format, text(file_, ": ", quoted(path_of(key)), " ", why));
}

Error TomlView::mismatch(std::string_view key, std::string_view expected, const toml::node* got) const {
  if (got == nullptr) return error(key, text("is missing, expected ", expected));
  return error(key, text("expected ", expected, ", got ", kind_of(*got), " (line ",
                         static_cast<uint64_t>(got->source().begin.line), ")"));
}

std::optional<std::string> TomlView::string(std::string_view key) const {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_string()) throw mismatch(key, "a string", node);
  return node->as_string()->get();
}

std::string TomlView::required_string(std::string_view key) const {
  auto value = string(key);
  if (!value) throw mismatch(key, "a string", nullptr);
  return *value;
}

uint64_t TomlView::required_unsigned(std::string_view key) const {
  const toml::node* node = find(key);
  if (node == nullptr || !node->is_integer()) throw mismatch(key, "an integer of 0 or more", node);
  int64_t value = node->as_integer()->get();
  if (value < 0) throw error(key, text("expected an integer of 0 or more, got ", value));
  return static_cast<uint64_t>(value);
}

std::optional<TomlView> TomlView::table(std::string_view key) const {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_table()) throw mismatch(key, "a table", node);
  return TomlView(*node->as_table(), file_, path_of(key));
}

TomlView TomlView::required_table(std::string_view key) const {
  auto view = table(key);
  if (!view) throw mismatch(key, "a table", nullptr);
  return *view;
}

std::optional<std::vector<TomlView>> TomlView::tables(std::string_view key) const {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_array()) throw mismatch(key, "a list of tables", node);
  std::vector<TomlView> out;
  for (const toml::node& item : *node->as_array()) {
    std::string item_key = text(key, "[", out.size(), "]");
    if (!item.is_table()) throw mismatch(item_key, "a table", &item);
    out.emplace_back(*item.as_table(), file_, path_of(item_key));
  }
  return out;
}

std::optional<std::vector<std::string>> TomlView::strings(std::string_view key) const {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_array()) throw mismatch(key, "a list of strings", node);
  std::vector<std::string> out;
  for (const toml::node& item : *node->as_array()) {
    if (!item.is_string()) throw mismatch(text(key, "[", out.size(), "]"), "a string", &item);
    out.push_back(item.as_string()->get());
  }
  return out;
}

}  // namespace carton::format
