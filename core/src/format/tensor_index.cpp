#include "format/tensor_index.h"

#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/strings.h"
#include "format/dtype_ext.h"
#include "format/path.h"
#include "format/toml.h"

namespace carton::format {
namespace {

Shape parse_shape(const TomlView& view, const Limits& limits) {
  const toml::node* node = view.find("shape");
  if (node == nullptr || !node->is_array()) throw view.mismatch("shape", "a list of sizes", node);
  const toml::array& list = *node->as_array();
  check_limit("the rank of a tensor", list.size(), limits.tensor_rank);
  Shape shape;
  for (const toml::node& dim : list) {
    std::string key = text("shape[", shape.size(), "]");
    if (!dim.is_integer()) throw view.mismatch(key, "a size", &dim);
    int64_t size = dim.as_integer()->get();
    if (size < 0) throw view.error(key, text("expected a size of 0 or more, got ", size));
    shape.push_back(size);
  }
  return shape;
}

IndexedTensor parse_entry(const TomlView& view, const Limits& limits) {
  IndexedTensor entry;
  entry.name = view.required_string("name");
  entry.dtype = v1_dtype(view, true);
  entry.inner = view.strings("inner").value_or(std::vector<std::string>{});
  if (entry.dtype == DType::Nested) return entry;
  if (!entry.inner.empty()) throw view.error("inner", "is only for nested tensors");
  entry.shape = parse_shape(view, limits);
  auto count = element_count(entry.shape, dtype_size(entry.dtype));
  if (!count)
    throw view.error("shape",
                     text(shape_text(entry.shape), " of ", dtype_name(entry.dtype), " is too large"));
  entry.count = *count;
  entry.path = "tensor_data/" + view.required_string("file");
  try {
    check_path(entry.path, limits);
  } catch (const Error& error) {
    throw error.within(text(kTensorIndexPath, ": tensor ", quoted(entry.name)));
  }
  return entry;
}

// A nested tensor is a list of tensors that exist and are not nested themselves: no cycles.
void check_nested(const TensorIndex& index) {
  for (const auto& [name, entry] : index.tensors) {
    for (const std::string& inner : entry.inner) {
      const IndexedTensor* found = index.find(inner);
      if (found != nullptr && found->dtype != DType::Nested) continue;
      throw Error(Code::Format,
                  text(kTensorIndexPath, ": tensor ", quoted(name), " has the inner tensor ", quoted(inner),
                       ", which ", found ? "is nested itself" : "does not exist"));
    }
  }
}

void check_shared_files(const TensorIndex& index, const Limits& limits) {
  std::map<std::string_view, uint64_t> users;
  for (const auto& [name, entry] : index.tensors) {
    if (entry.path.empty()) continue;
    check_limit(text("the number of tensors that share ", quoted(entry.path)), ++users[entry.path],
                limits.tensors_per_file);
  }
}

void apply_ext(const TomlView& root, TensorIndex& index) {
  auto ext = root.table("carton_ext");
  auto dtypes = ext ? ext->table("dtypes") : std::nullopt;
  if (!dtypes) return;
  std::vector<std::pair<std::string, DType*>> targets;
  for (auto& [name, entry] : index.tensors) targets.emplace_back(name, &entry.dtype);
  apply_dtype_ext(*dtypes, targets);
}

Tensor decode_strings(const IndexedTensor& entry, std::string_view bytes, const Limits& limits) {
  toml::table table = parse_toml(bytes, entry.path, limits.string_tensor_bytes, limits);
  TomlView root(table, entry.path);
  auto strings = root.strings("data");
  if (!strings) throw root.mismatch("data", "a list of strings", nullptr);
  if (strings->size() != entry.count) {
    throw Error(Code::Format,
                text(entry.path, ": tensor ", quoted(entry.name), " of shape ", shape_text(entry.shape),
                     " has ", entry.count, " strings, `data` has ", strings->size()));
  }
  return Tensor::of_strings(entry.shape, std::move(*strings));
}

// Any byte but 0 is true; readers downstream may rely on 0 and 1.
void normalise_bools(Tensor& tensor) {
  for (uint64_t i = 0; i < tensor.count; ++i) {
    tensor.data[i] = tensor.data[i] == std::byte{0} ? std::byte{0} : std::byte{1};
  }
}

}  // namespace

TensorIndex TensorIndex::parse(std::string_view toml, const Limits& limits) {
  toml::table table = parse_toml(toml, kTensorIndexPath, limits.tensor_index_bytes, limits);
  TomlView root(table, kTensorIndexPath);
  TensorIndex index;
  for (const TomlView& view : root.tables("tensor").value_or(std::vector<TomlView>{})) {
    IndexedTensor entry = parse_entry(view, limits);
    std::string name = entry.name;
    if (!index.tensors.emplace(name, std::move(entry)).second) {
      throw view.error("name", text("lists ", quoted(name), " a second time"));
    }
  }
  apply_ext(root, index);
  check_nested(index);
  check_shared_files(index, limits);
  return index;
}

const IndexedTensor* TensorIndex::find(std::string_view name) const {
  auto at = tensors.find(name);
  return at == tensors.end() ? nullptr : &at->second;
}

Tensor decode_tensor(const IndexedTensor& entry, std::string_view bytes, const Limits& limits) {
  if (entry.dtype == DType::Nested) {
    throw Error(Code::Unsupported,
                text("tensor ", quoted(entry.name), " is nested; nested tensors cannot be read"));
  }
  if (entry.dtype == DType::String) return decode_strings(entry, bytes, limits);
  if (bytes.size() != entry.nbytes()) {
    throw Error(Code::Format, text(entry.path, ": tensor ", quoted(entry.name), ", ", dtype_name(entry.dtype),
                                   " of shape ", shape_text(entry.shape), ", takes ", entry.nbytes(),
                                   " bytes, the file has ", bytes.size()));
  }
  // Files are little-endian, and so is every machine Carton runs on.
  Tensor tensor = Tensor::allocate(entry.dtype, entry.shape);
  if (!bytes.empty()) std::memcpy(tensor.data, bytes.data(), bytes.size());
  if (entry.dtype == DType::Bool) normalise_bools(tensor);
  return tensor;
}

}  // namespace carton::format
