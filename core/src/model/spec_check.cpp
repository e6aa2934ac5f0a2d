#include "model/spec_check.h"

#include <algorithm>
#include <string>
#include <variant>

#include "base/error.h"
#include "base/strings.h"

namespace carton {
namespace {

using format::TensorSpec;

std::string declared_names(const std::vector<TensorSpec>& specs) {
  std::string out;
  for (const auto& spec : specs) {
    if (!out.empty()) out += ", ";
    out +=
        text(quoted(spec.name), " (", dtype_name(spec.dtype), " ", format::shape_spec_text(spec.shape), ")");
  }
  return out.empty() ? "none" : out;
}

const Tensor* find(const NamedTensors& inputs, const std::string& name) {
  for (const auto& [key, tensor] : inputs) {
    if (key == name) return &tensor;
  }
  return nullptr;
}

// What a symbol was bound to, and by whom.
struct Binding {
  std::string symbol;
  Shape value;  // one entry for a dimension; the whole shape for a shape symbol
  bool whole_shape;
  std::string where;
};

class Checker {
 public:
  void check(const TensorSpec& spec, const Tensor& tensor) {
    if (tensor.dtype != spec.dtype) {
      throw Error(Code::Input,
                  text("input ", quoted(spec.name), " must be ", dtype_name(spec.dtype), ", got ",
                       dtype_name(tensor.dtype), " of shape ", shape_text(tensor.shape)),
                  text("convert it, in Python with .astype(\"", dtype_name(spec.dtype),
                       "\"); dtypes are never cast silently"));
    }
    if (const auto* symbol = std::get_if<format::Symbol>(&spec.shape)) {
      bind(symbol->name, tensor.shape, true, quoted(spec.name));
    } else if (const auto* dims = std::get_if<std::vector<format::Dim>>(&spec.shape)) {
      check_dims(spec, *dims, tensor);
    }
  }

 private:
  void check_dims(const TensorSpec& spec, const std::vector<format::Dim>& dims, const Tensor& tensor) {
    if (dims.size() != tensor.shape.size()) {
      throw Error(Code::Input,
                  text("input ", quoted(spec.name), " must have ", dims.size(), " dimensions, ",
                       format::shape_spec_text(spec.shape), ", got shape ", shape_text(tensor.shape)));
    }
    for (size_t axis = 0; axis < dims.size(); ++axis) {
      int64_t got = tensor.shape[axis];
      if (const auto* fixed = std::get_if<int64_t>(&dims[axis]); fixed != nullptr && *fixed != got) {
        throw Error(Code::Input, text("input ", quoted(spec.name), " axis ", axis, " must be ", *fixed,
                                      ", got ", got, " (shape ", shape_text(tensor.shape), ", declared ",
                                      format::shape_spec_text(spec.shape), ")"));
      }
      if (const auto* symbol = std::get_if<format::Symbol>(&dims[axis])) {
        bind(symbol->name, {got}, false, text(quoted(spec.name), " axis ", axis));
      }
    }
  }

  void bind(const std::string& symbol, const Shape& value, bool whole_shape, const std::string& where) {
    for (const Binding& bound : bindings_) {
      if (bound.symbol != symbol || bound.whole_shape != whole_shape) continue;
      if (bound.value == value) return;
      throw Error(Code::Input, text(bound.where, " ", quoted(symbol), " = ", show(bound), ", but ", where,
                                    " gave ", whole_shape ? shape_text(value) : text(value[0])));
    }
    bindings_.push_back({symbol, value, whole_shape, where});
  }

  static std::string show(const Binding& bound) {
    return bound.whole_shape ? shape_text(bound.value) : text(bound.value[0]);
  }

  std::vector<Binding> bindings_;
};

}  // namespace

void check_inputs(const std::vector<TensorSpec>& specs, const NamedTensors& inputs) {
  for (const auto& [name, tensor] : inputs) {
    bool declared =
        std::any_of(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; });
    if (!declared) {
      throw Error(Code::Input, text("the model has no input ", quoted(name)),
                  "its inputs: " + declared_names(specs));
    }
  }
  Checker checker;
  for (const auto& spec : specs) {
    const Tensor* tensor = find(inputs, spec.name);
    if (tensor == nullptr) {
      throw Error(Code::Input, text("input ", quoted(spec.name), " is missing"),
                  "the model's inputs: " + declared_names(specs));
    }
    checker.check(spec, *tensor);
  }
}

}  // namespace carton
