#include "format/links.h"

#include "base/error.h"
#include "base/strings.h"
#include "format/manifest.h"
#include "format/toml.h"

namespace carton::format {
namespace {

bool has_prefix_of_any_case(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  for (size_t i = 0; i < lower.size(); ++i) {
    char c = text[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c != lower[i]) return false;
  }
  return true;
}

void check_url(std::string_view url) {
  auto refuse = [&](std::string_view why) {
    return Error(Code::Policy, text("LINKS: ", quoted(url), " ", why));
  };
  size_t authority = 0;
  if (has_prefix_of_any_case(url, "https://")) authority = 8;
  if (has_prefix_of_any_case(url, "http://")) authority = 7;
  if (authority == 0) throw refuse("is not an http or https URL");
  for (unsigned char c : url) {
    if (c <= 0x20 || c == 0x7F || c == '\\') throw refuse("has a space, backslash or control byte");
  }
  std::string_view host = url.substr(authority, url.find_first_of("/?#", authority) - authority);
  if (host.empty()) throw refuse("has no host");
  if (host.find('@') != std::string_view::npos) throw refuse("holds credentials");
}

std::vector<std::string> parse_urls(const TomlView& urls, std::string_view hash, const Limits& limits) {
  auto list = urls.strings(hash).value();
  if (list.empty()) throw urls.error(hash, "lists no URL");
  check_limit(text("the number of URLs for ", hash), list.size(), limits.urls_per_hash);
  for (const std::string& url : list) check_url(url);
  return list;
}

}  // namespace

Links Links::parse(std::string_view toml, const Limits& limits) {
  toml::table table = parse_toml(toml, "LINKS", limits.links_bytes, limits);
  TomlView root(table, "LINKS");
  root.required_unsigned("version");
  Links out;
  auto urls = root.table("urls");
  if (!urls) return out;
  for (auto&& [key, node] : urls->raw()) {
    if (!is_sha256_hex(key.str()))
      throw urls->error(key.str(), "expected a sha256 of 64 lower-case hex digits");
    out.urls.emplace(std::string(key.str()), parse_urls(*urls, key.str(), limits));
  }
  return out;
}

}  // namespace carton::format
