// carton.toml, parsed and validated: what a carton says of itself.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "format/limits.h"
#include "format/semver.h"
#include "tensor/dtype.h"

namespace carton::format {

// Any size, one named by a symbol (equal symbols are equal sizes across one call), or a fixed size.
struct AnyDim {
  bool operator==(const AnyDim&) const = default;
};
struct Symbol {
  std::string name;
  bool operator==(const Symbol&) const = default;
};
using Dim = std::variant<AnyDim, Symbol, int64_t>;  // a fixed size is >= 0

// Any shape, one symbol for a whole shape, or one entry per dimension (empty = a scalar).
struct AnyShape {
  bool operator==(const AnyShape&) const = default;
};
using ShapeSpec = std::variant<AnyShape, Symbol, std::vector<Dim>>;

// As a person reads it: "any", "`n`", "[2, *, `n`]", "[]".
std::string shape_spec_text(const ShapeSpec& shape);

struct TensorSpec {
  std::string name;
  DType dtype = DType::Float32;  // the real one: Bool where carton.toml holds its stand-in uint8
  ShapeSpec shape;
  std::optional<std::string> description;
  std::optional<std::string> internal_name;
};

// What a self test or example refers to: "@tensor_data/NAME" or "@misc/PATH".
struct Reference {
  enum class Kind { Tensor, Misc };
  Kind kind = Kind::Tensor;
  std::string name;  // without the prefix
};
using References = std::vector<std::pair<std::string, Reference>>;  // by tensor name, sorted

struct SelfTest {
  std::optional<std::string> name, description;
  References inputs;  // tensors only, as in expected_out
  std::optional<References> expected_out;
};

struct Example {
  std::optional<std::string> name, description;
  References inputs, sample_out;
};

using OptionValue = std::variant<int64_t, double, bool, std::string>;

struct Runner {
  std::string name;
  std::string required_framework_version;  // as written
  VersionReq requirement;                  // the same, parsed
  uint64_t compat_version = 0;
  std::map<std::string, OptionValue> opts;
};

struct Metadata {
  uint64_t spec_version = 0;
  std::optional<std::string> model_name, short_description, model_description, license, repository, homepage;
  std::vector<std::string> required_platforms;             // canonical target triples; empty = any
  std::optional<std::vector<TensorSpec>> inputs, outputs;  // nullopt: not declared
  std::vector<SelfTest> self_tests;
  std::vector<Example> examples;
  Runner runner;
  // What is legal but suspicious, for a log: a requirement of "*" takes any framework version.
  std::vector<std::string> warnings;

  // Unknown keys are ignored. Throws FORMAT naming the key, UNSUPPORTED for a newer spec_version, LIMIT.
  static Metadata parse(std::string_view toml, const Limits& limits = {});

  // nullptr when there is none.
  const TensorSpec* input(std::string_view name) const;
  const TensorSpec* output(std::string_view name) const;
  bool refers_to_tensors() const;
};

}  // namespace carton::format
