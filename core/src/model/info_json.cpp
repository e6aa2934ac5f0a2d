// CartonFile::json: the keys are a contract, described in spec/c-abi.md.
#include <nlohmann/json.hpp>

#include "model/carton_file.h"

namespace carton {
namespace {

using Json = nlohmann::ordered_json;

Json optional_text(const std::optional<std::string>& value) { return value ? Json(*value) : Json(nullptr); }

struct DimJson {
  Json operator()(const format::AnyDim&) const { return nullptr; }
  Json operator()(const format::Symbol& symbol) const { return symbol.name; }
  Json operator()(int64_t size) const { return size; }
};

struct ShapeJson {
  Json operator()(const format::AnyShape&) const { return nullptr; }
  Json operator()(const format::Symbol& symbol) const { return symbol.name; }
  Json operator()(const std::vector<format::Dim>& dims) const {
    Json out = Json::array();
    for (const format::Dim& dim : dims) out.push_back(std::visit(DimJson{}, dim));
    return out;
  }
};

Json specs_json(const std::optional<std::vector<format::TensorSpec>>& specs) {
  if (!specs) return nullptr;
  Json out = Json::array();
  for (const format::TensorSpec& spec : *specs) {
    out.push_back({{"name", spec.name},
                   {"dtype", dtype_name(spec.dtype)},
                   {"shape", std::visit(ShapeJson{}, spec.shape)},
                   {"description", optional_text(spec.description)},
                   {"internal_name", optional_text(spec.internal_name)}});
  }
  return out;
}

Json self_test_references(const format::References& references) {
  Json out = Json::object();
  for (const auto& [name, reference] : references) out[name] = reference.name;
  return out;
}

Json example_references(const format::References& references) {
  Json out = Json::object();
  for (const auto& [name, reference] : references) {
    const char* kind = reference.kind == format::Reference::Kind::Misc ? "misc" : "tensor";
    out[name] = Json{{kind, reference.name}};
  }
  return out;
}

Json self_tests_json(const std::vector<format::SelfTest>& tests) {
  Json out = Json::array();
  for (const format::SelfTest& test : tests) {
    out.push_back(
        {{"name", optional_text(test.name)},
         {"description", optional_text(test.description)},
         {"inputs", self_test_references(test.inputs)},
         {"expected_out", test.expected_out ? self_test_references(*test.expected_out) : Json(nullptr)}});
  }
  return out;
}

Json examples_json(const std::vector<format::Example>& examples) {
  Json out = Json::array();
  for (const format::Example& example : examples) {
    out.push_back({{"name", optional_text(example.name)},
                   {"description", optional_text(example.description)},
                   {"inputs", example_references(example.inputs)},
                   {"sample_out", example_references(example.sample_out)}});
  }
  return out;
}

Json runner_json(const format::Runner& runner) {
  Json opts = Json::object();
  for (const auto& [key, value] : runner.opts) {
    // JSON has no infinities and no NaN: the library writes them as null.
    std::visit([&opts, &name = key](const auto& v) { opts[name] = v; }, value);
  }
  return {{"runner_name", runner.name},
          {"required_framework_version", runner.required_framework_version},
          {"runner_compat_version", runner.compat_version},
          {"opts", std::move(opts)}};
}

Json files_json(const std::vector<FileEntry>& files) {
  Json out = Json::array();
  for (const FileEntry& file : files) {
    out.push_back({{"path", file.path},
                   {"size", file.size},
                   {"stored_size", file.stored_size},
                   {"method", file.method},
                   {"sha256", file.sha256}});
  }
  return out;
}

Json misc_json(const std::vector<FileEntry>& files) {
  constexpr std::string_view kPrefix = "misc/";
  Json out = Json::array();
  for (const FileEntry& file : files) {
    if (file.path.compare(0, kPrefix.size(), kPrefix) == 0) out.push_back(file.path.substr(kPrefix.size()));
  }
  return out;
}

}  // namespace

std::string CartonFile::json() const {
  const format::Metadata& meta = metadata();
  Json out;
  out["spec_version"] = meta.spec_version;
  out["model_name"] = optional_text(meta.model_name);
  out["short_description"] = optional_text(meta.short_description);
  out["model_description"] = optional_text(meta.model_description);
  out["license"] = optional_text(meta.license);
  out["repository"] = optional_text(meta.repository);
  out["homepage"] = optional_text(meta.homepage);
  out["required_platforms"] = meta.required_platforms;
  out["inputs"] = specs_json(meta.inputs);
  out["outputs"] = specs_json(meta.outputs);
  out["self_tests"] = self_tests_json(meta.self_tests);
  out["examples"] = examples_json(meta.examples);
  out["runner"] = runner_json(meta.runner);
  out["misc_files"] = misc_json(files());
  out["manifest_sha256"] = manifest_sha256();
  out["links"] = links().urls;
  out["files"] = files_json(files());
  return out.dump();
}

}  // namespace carton
