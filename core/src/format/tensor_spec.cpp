#include "format/tensor_spec.h"

#include <set>
#include <utility>

#include "base/strings.h"
#include "format/dtype_ext.h"

namespace carton::format {
namespace {

Dim parse_dim(const TomlView& spec, const toml::node& node, size_t index) {
  std::string key = text("shape[", index, "]");
  if (node.is_string()) {
    const std::string& symbol = node.as_string()->get();
    return symbol == "*" ? Dim(AnyDim{}) : Dim(Symbol{symbol});
  }
  if (!node.is_integer()) throw spec.mismatch(key, "an integer, \"*\" or a symbol", &node);
  int64_t size = node.as_integer()->get();
  if (size < 0) throw spec.error(key, text("expected a size of 0 or more, got ", size));
  return size;
}

ShapeSpec parse_shape(const TomlView& spec, const Limits& limits) {
  const toml::node* node = spec.find("shape");
  if (node != nullptr && node->is_string()) {
    const std::string& symbol = node->as_string()->get();
    return symbol == "*" ? ShapeSpec(AnyShape{}) : ShapeSpec(Symbol{symbol});
  }
  if (node == nullptr || !node->is_array()) throw spec.mismatch("shape", "a list, \"*\" or a symbol", node);
  const toml::array& list = *node->as_array();
  check_limit("the rank of a tensor", list.size(), limits.tensor_rank);
  std::vector<Dim> dims;
  for (const toml::node& dim : list) dims.push_back(parse_dim(spec, dim, dims.size()));
  return dims;
}

TensorSpec parse_spec(const TomlView& view, const Limits& limits) {
  TensorSpec spec;
  spec.name = view.required_string("name");
  spec.dtype = v1_dtype(view, false);
  spec.shape = parse_shape(view, limits);
  spec.description = view.string("description");
  spec.internal_name = view.string("internal_name");
  return spec;
}

std::optional<TomlView> dtypes_ext(const TomlView& root, std::string_view key) {
  auto ext = root.table("carton_ext");
  auto dtypes = ext ? ext->table("dtypes") : std::nullopt;
  return dtypes ? dtypes->table(key) : std::nullopt;
}

struct DimText {
  std::string operator()(const AnyDim&) const { return "*"; }
  std::string operator()(const Symbol& symbol) const { return quoted(symbol.name); }
  std::string operator()(int64_t size) const { return std::to_string(size); }
};

struct ShapeText {
  std::string operator()(const AnyShape&) const { return "any"; }
  std::string operator()(const Symbol& symbol) const { return quoted(symbol.name); }
  std::string operator()(const std::vector<Dim>& dims) const {
    std::string out = "[";
    for (const Dim& dim : dims) out += (out.size() == 1 ? "" : ", ") + std::visit(DimText{}, dim);
    return out + "]";
  }
};

}  // namespace

std::optional<std::vector<TensorSpec>> parse_specs(const TomlView& root, std::string_view key,
                                                   std::string_view ext_key, const Limits& limits) {
  auto views = root.tables(key);
  std::vector<TensorSpec> specs;
  std::set<std::string> names;
  for (const TomlView& view : views.value_or(std::vector<TomlView>{})) {
    specs.push_back(parse_spec(view, limits));
    if (!names.insert(specs.back().name).second) {
      throw view.error("name", text("declares ", quoted(specs.back().name), " a second time"));
    }
  }
  if (auto ext = dtypes_ext(root, ext_key)) {
    std::vector<std::pair<std::string, DType*>> dtypes;
    for (TensorSpec& spec : specs) dtypes.emplace_back(spec.name, &spec.dtype);
    apply_dtype_ext(*ext, dtypes);
  }
  if (!views) return std::nullopt;
  return specs;
}

std::string shape_spec_text(const ShapeSpec& shape) { return std::visit(ShapeText{}, shape); }

}  // namespace carton::format
