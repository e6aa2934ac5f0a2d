#include "format/metadata.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"
#include "format/path.h"
#include "format/tensor_spec.h"
#include "format/toml.h"
#include "format/triple.h"

namespace carton::format {
namespace {

constexpr const char* kFile = "carton.toml";
constexpr std::string_view kTensorPrefix = "@tensor_data/";
constexpr std::string_view kMiscPrefix = "@misc/";

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

uint64_t parse_spec_version(const TomlView& root) {
  uint64_t version = root.required_unsigned("spec_version");
  if (version == 0) throw root.error("spec_version", "expected 1, got 0");
  if (version > 1) {
    throw Error(Code::Unsupported,
                text(kFile, ": `spec_version` is ", version, ", this library reads version 1"),
                "the file needs a newer carton; upgrade Carton and load it again");
  }
  return version;
}

std::vector<std::string> parse_platforms(const TomlView& root) {
  std::vector<std::string> out;
  for (const std::string& platform :
       root.strings("required_platforms").value_or(std::vector<std::string>{})) {
    try {
      out.push_back(canonical_triple(platform));
    } catch (const Error& error) {
      throw error.within(text(kFile, ": `required_platforms[", out.size(), "]`"));
    }
  }
  return out;
}

enum class Allowed { TensorsOnly, TensorsAndMisc };

Reference parse_reference(const TomlView& map, std::string_view key, Allowed allowed, const Limits& limits) {
  std::string value = map.required_string(key);
  if (starts_with(value, kTensorPrefix)) {
    return {Reference::Kind::Tensor, value.substr(kTensorPrefix.size())};
  }
  if (allowed == Allowed::TensorsAndMisc && starts_with(value, kMiscPrefix)) {
    Reference reference{Reference::Kind::Misc, value.substr(kMiscPrefix.size())};
    try {
      check_path(reference.name, limits);
    } catch (const Error& error) {
      throw map.error(key, error.message());
    }
    return reference;
  }
  const char* misc = allowed == Allowed::TensorsAndMisc ? " or \"@misc/PATH\"" : "";
  throw map.error(key, text("expected \"@tensor_data/NAME\"", misc, ", got ", quoted(value)));
}

References parse_references(const TomlView& map, Allowed allowed, const Limits& limits) {
  References out;
  for (auto&& [key, node] : map.raw()) {
    out.emplace_back(std::string(key.str()), parse_reference(map, key.str(), allowed, limits));
  }
  return out;
}

SelfTest parse_self_test(const TomlView& view, const Limits& limits) {
  SelfTest test;
  test.name = view.string("name");
  test.description = view.string("description");
  test.inputs = parse_references(view.required_table("inputs"), Allowed::TensorsOnly, limits);
  if (auto expected = view.table("expected_out")) {
    test.expected_out = parse_references(*expected, Allowed::TensorsOnly, limits);
  }
  return test;
}

Example parse_example(const TomlView& view, const Limits& limits) {
  Example example;
  example.name = view.string("name");
  example.description = view.string("description");
  example.inputs = parse_references(view.required_table("inputs"), Allowed::TensorsAndMisc, limits);
  example.sample_out = parse_references(view.required_table("sample_out"), Allowed::TensorsAndMisc, limits);
  return example;
}

OptionValue parse_option(const TomlView& opts, std::string_view key, const Limits& limits) {
  const toml::node& node = *opts.find(key);
  if (node.is_integer()) return node.as_integer()->get();
  if (node.is_floating_point()) return node.as_floating_point()->get();
  if (node.is_boolean()) return node.as_boolean()->get();
  if (!node.is_string()) throw opts.mismatch(key, "an integer, float, string or boolean", &node);
  const std::string& value = node.as_string()->get();
  check_limit(text("the length of option ", quoted(key), ", in bytes,"), value.size(), limits.option_bytes);
  return value;
}

bool is_runner_name_part(std::string_view part) {
  auto alnum = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !part.empty() && alnum(part.front()) &&
         std::all_of(part.begin(), part.end(), [&](char c) { return alnum(c) || c == '.' || c == '-'; });
}

// "torchscript", or "namespace/name" for a third party's: it becomes part of paths and commands.
bool is_runner_name(std::string_view name) {
  size_t slash = name.find('/');
  if (name.size() > 255) return false;
  if (slash == std::string_view::npos) return is_runner_name_part(name);
  return is_runner_name_part(name.substr(0, slash)) && is_runner_name_part(name.substr(slash + 1));
}

Runner parse_runner(const TomlView& view, const Limits& limits) {
  Runner runner;
  runner.name = view.required_string("runner_name");
  if (!is_runner_name(runner.name)) {
    throw view.error("runner_name",
                     text("expected a name such as `torchscript` or `namespace/name` of letters, "
                          "digits, `_`, `.` and `-`, got ",
                          quoted(runner.name)));
  }
  runner.required_framework_version = view.required_string("required_framework_version");
  try {
    runner.requirement = VersionReq::parse(runner.required_framework_version);
  } catch (const Error& error) {
    throw view.error("required_framework_version", text("is no requirement: ", error.message()));
  }
  runner.compat_version = view.required_unsigned("runner_compat_version");
  if (auto opts = view.table("opts")) {
    for (auto&& [key, node] : opts->raw()) {
      runner.opts.emplace(std::string(key.str()), parse_option(*opts, key.str(), limits));
    }
  }
  return runner;
}

const TensorSpec* find_spec(const std::optional<std::vector<TensorSpec>>& specs, std::string_view name) {
  if (!specs) return nullptr;
  auto at =
      std::find_if(specs->begin(), specs->end(), [&](const TensorSpec& spec) { return spec.name == name; });
  return at == specs->end() ? nullptr : &*at;
}

bool names_tensor(const References& references) {
  return std::any_of(references.begin(), references.end(),
                     [](const auto& item) { return item.second.kind == Reference::Kind::Tensor; });
}

}  // namespace

Metadata Metadata::parse(std::string_view toml, const Limits& limits) {
  toml::table table = parse_toml(toml, kFile, limits.carton_toml_bytes, limits);
  TomlView root(table, kFile);
  Metadata out;
  // First: a file of another version may differ in all the rest.
  out.spec_version = parse_spec_version(root);
  out.model_name = root.string("model_name");
  out.short_description = root.string("short_description");
  out.model_description = root.string("model_description");
  out.license = root.string("license");
  out.repository = root.string("repository");
  out.homepage = root.string("homepage");
  out.required_platforms = parse_platforms(root);
  out.inputs = parse_specs(root, "input", "inputs", limits);
  out.outputs = parse_specs(root, "output", "outputs", limits);
  for (const TomlView& view : root.tables("self_test").value_or(std::vector<TomlView>{})) {
    out.self_tests.push_back(parse_self_test(view, limits));
  }
  for (const TomlView& view : root.tables("example").value_or(std::vector<TomlView>{})) {
    out.examples.push_back(parse_example(view, limits));
  }
  out.runner = parse_runner(root.required_table("runner"), limits);
  if (out.runner.requirement.any()) {
    out.warnings.push_back(
        "`required_framework_version` is \"*\": any version of the framework may be chosen, "
        "also one that the model does not run on");
  }
  return out;
}

const TensorSpec* Metadata::input(std::string_view name) const { return find_spec(inputs, name); }
const TensorSpec* Metadata::output(std::string_view name) const { return find_spec(outputs, name); }

bool Metadata::refers_to_tensors() const {
  return std::any_of(self_tests.begin(), self_tests.end(),
                     [](const SelfTest& test) {
                       return names_tensor(test.inputs) ||
                              (test.expected_out && names_tensor(*test.expected_out));
                     }) ||
         std::any_of(examples.begin(), examples.end(), [](const Example& example) {
           return names_tensor(example.inputs) || names_tensor(example.sample_out);
         });
}

}  // namespace carton::format
