#include "format/dtype_ext.h"

#include <algorithm>
#include <map>

#include "base/strings.h"

namespace carton::format {
namespace {

bool is_extension(DType dtype) { return v1_stand_in(dtype) != dtype; }

}  // namespace

DType v1_dtype(const TomlView& view, bool nested_allowed) {
  std::string name = view.required_string("dtype");
  auto dtype = dtype_from_name(name);
  bool known = dtype && !is_extension(*dtype) && (*dtype != DType::Nested || nested_allowed);
  if (!known) {
    throw view.error("dtype",
                     text("expected one of float32, float64, string, int8, int16, int32, int64, uint8, "
                          "uint16, uint32, uint64",
                          nested_allowed ? ", nested" : "", "; got ", quoted(name)));
  }
  return *dtype;
}

void apply_dtype_ext(const TomlView& ext, const std::vector<std::pair<std::string, DType*>>& dtypes) {
  std::map<std::string_view, DType*> by_name(dtypes.begin(), dtypes.end());
  for (auto&& [toml_key, node] : ext.raw()) {
    std::string_view key = toml_key.str();
    auto at = by_name.find(key);
    if (at == by_name.end()) throw ext.error(key, "gives a dtype to something that is not declared");
    std::string name = ext.required_string(key);
    auto real = dtype_from_name(name);
    if (!real || !is_extension(*real)) {
      Error error = ext.error(key, text("expected bool, float16 or bfloat16, got ", quoted(name)));
      if (real) throw error;
      throw Error(Code::Unsupported, error.message(), "it needs a newer version of Carton");
    }
    if (v1_stand_in(*real) != *at->second) {
      throw ext.error(key, text("is ", name, ", whose stand-in is ", dtype_name(v1_stand_in(*real)),
                                ", but `dtype` is ", dtype_name(*at->second)));
    }
    *at->second = *real;
  }
}

}  // namespace carton::format
