#include <cstring>

#include "base/strings.h"
#include "c_api/handles.h"

namespace carton::c_api {
namespace {

DType checked_dtype(int32_t number, bool numeric) {
  auto dtype = dtype_from_number(number);
  if (!dtype) throw Error(Code::Invalid, text("unknown dtype number ", number), "use a carton_dtype");
  if (numeric && dtype_size(*dtype) == 0) {
    throw Error(Code::Invalid, text("dtype ", dtype_name(*dtype), " has no fixed element size"),
                *dtype == DType::String ? "use carton_tensor_strings" : "");
  }
  return *dtype;
}

Shape to_shape(const int64_t* shape, int32_t rank) {
  if (rank < 0 || rank > kMaxRank) {
    throw Error(rank < 0 ? Code::Invalid : Code::Limit, text("rank must be 0 to ", kMaxRank, ", got ", rank));
  }
  if (rank != 0) require(shape, "shape");
  return Shape(shape, shape + rank);
}

bool is_row_major(const Shape& shape, const int64_t* strides) {
  int64_t expected = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

// Copies a strided tensor, dimension by dimension, into row-major order.
std::byte* gather(const Shape& shape, const int64_t* strides, size_t axis, uint64_t size,
                  const std::byte* from, std::byte* to) {
  if (axis == shape.size()) {
    std::memcpy(to, from, size);
    return to + size;
  }
  for (int64_t i = 0; i < shape[axis]; ++i) {
    to = gather(shape, strides, axis + 1, size, from + i * strides[axis] * static_cast<int64_t>(size), to);
  }
  return to;
}

Tensor copy_strided(DType dtype, Shape shape, const int64_t* strides, const void* data) {
  Tensor tensor = Tensor::allocate(dtype, std::move(shape));
  if (tensor.count != 0) {
    gather(tensor.shape, strides, 0, dtype_size(dtype), static_cast<const std::byte*>(data), tensor.data);
  }
  return tensor;
}

Tensor view_of(DType dtype, Shape shape, const void* data, carton_release_fn release, void* user_data) {
  Tensor tensor;
  tensor.dtype = dtype;
  tensor.count = checked_count(dtype, shape);
  tensor.shape = std::move(shape);
  tensor.data = const_cast<std::byte*>(static_cast<const std::byte*>(data));
  if (release != nullptr) {
    tensor.owner =
        std::shared_ptr<const void>(data, [release, user_data](const void*) { release(user_data); });
  }
  return tensor;
}

}  // namespace

carton_tensor* new_tensor(Tensor tensor) { return new carton_tensor(std::move(tensor)); }

carton_tensors* new_tensors(NamedTensors tensors) {
  auto map = std::make_unique<carton_tensors>();
  map->entries.reserve(tensors.size());
  for (auto& [name, tensor] : tensors) {
    map->entries.emplace_back(std::move(name), nullptr);
    map->entries.back().second = new_tensor(std::move(tensor));
  }
  return map.release();
}

NamedTensors to_named(const carton_tensors* map) {
  NamedTensors out;
  out.reserve(map->entries.size());
  for (const auto& [name, tensor] : map->entries) out.emplace_back(name, tensor->tensor);
  return out;
}

}  // namespace carton::c_api

using namespace carton;
using namespace carton::c_api;

const char* carton_dtype_name(int32_t dtype) {
  auto known = dtype_from_number(dtype);
  return known ? dtype_name(*known) : nullptr;
}

uint64_t carton_dtype_size(int32_t dtype) {
  auto known = dtype_from_number(dtype);
  return known ? dtype_size(*known) : 0;
}

int32_t carton_tensor_create(int32_t dtype, const int64_t* shape, int32_t rank, carton_tensor** out,
                             carton_error** error) {
  return guarded(error, [&] {
    require_out(out);
    *out = new_tensor(Tensor::allocate(checked_dtype(dtype, true), to_shape(shape, rank)));
  });
}

int32_t carton_tensor_view(int32_t dtype, const int64_t* shape, const int64_t* strides, int32_t rank,
                           const void* data, carton_release_fn release, void* user_data, carton_tensor** out,
                           carton_error** error) {
  return guarded(error, [&] {
    require_out(out);
    DType type = checked_dtype(dtype, true);
    Shape dims = to_shape(shape, rank);
    if (checked_count(type, dims) != 0) require(data, "data");
    if (strides == nullptr || is_row_major(dims, strides)) {
      // The handle first: once the view exists, nothing may fail, or `release` would be called.
      auto handle = std::make_unique<carton_tensor>(Tensor{});
      handle->tensor = view_of(type, std::move(dims), data, release, user_data);
      *out = handle.release();
      return;
    }
    *out = new_tensor(copy_strided(type, std::move(dims), strides, data));
    if (release != nullptr) release(user_data);
  });
}

int32_t carton_tensor_strings(const int64_t* shape, int32_t rank, const char* const* strings,
                              const uint64_t* lengths, carton_tensor** out, carton_error** error) {
  return guarded(error, [&] {
    require_out(out);
    Shape dims = to_shape(shape, rank);
    uint64_t count = checked_count(DType::String, dims);
    if (count != 0) require(strings, "strings");
    std::vector<std::string> values;
    for (uint64_t i = 0; i < count; ++i) {
      require(strings[i], "strings[i]");
      values.emplace_back(strings[i], lengths == nullptr ? std::strlen(strings[i]) : lengths[i]);
      if (!is_utf8(values.back())) throw Error(Code::Invalid, text("string ", i, " is not UTF-8"));
    }
    *out = new_tensor(Tensor::of_strings(std::move(dims), std::move(values)));
  });
}

int32_t carton_tensor_dtype(const carton_tensor* tensor) {
  return tensor == nullptr ? -1 : static_cast<int32_t>(tensor->tensor.dtype);
}
int32_t carton_tensor_rank(const carton_tensor* tensor) {
  return tensor == nullptr ? -1 : static_cast<int32_t>(tensor->tensor.shape.size());
}
const int64_t* carton_tensor_shape(const carton_tensor* tensor) {
  return tensor == nullptr ? nullptr : tensor->tensor.shape.data();
}
uint64_t carton_tensor_count(const carton_tensor* tensor) {
  return tensor == nullptr ? 0 : tensor->tensor.count;
}
uint64_t carton_tensor_nbytes(const carton_tensor* tensor) {
  return tensor == nullptr ? 0 : tensor->tensor.nbytes();
}
void* carton_tensor_data(const carton_tensor* tensor) {
  return tensor == nullptr ? nullptr : tensor->tensor.data;
}

int32_t carton_tensor_string(const carton_tensor* tensor, uint64_t index, const char** out, uint64_t* length,
                             carton_error** error) {
  return guarded(error, [&] {
    require(out, "text");
    *out = nullptr;
    if (length != nullptr) *length = 0;
    require(tensor, "tensor");
    if (tensor->tensor.dtype != DType::String) {
      throw Error(Code::Invalid,
                  text("the tensor holds ", dtype_name(tensor->tensor.dtype), ", not strings"));
    }
    if (index >= tensor->tensor.count) {
      throw Error(Code::Invalid, text("string index ", index, " of a tensor of ", tensor->tensor.count));
    }
    const std::string& value = (*tensor->tensor.strings)[index];
    *out = value.c_str();
    if (length != nullptr) *length = value.size();
  });
}

carton_tensor* carton_tensor_retain(carton_tensor* tensor) {
  if (tensor != nullptr) tensor->references.fetch_add(1, std::memory_order_relaxed);
  return tensor;
}

void carton_tensor_free(carton_tensor* tensor) {
  if (tensor != nullptr && tensor->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete tensor;
}

int32_t carton_tensors_create(carton_tensors** out, carton_error** error) {
  return guarded(error, [&] {
    require_out(out);
    *out = new carton_tensors();
  });
}

int32_t carton_tensors_set(carton_tensors* map, const char* name, carton_tensor* tensor,
                           carton_error** error) {
  return guarded(error, [&] {
    require(map, "map");
    require(name, "name");
    require(tensor, "tensor");
    if (!is_utf8(name)) throw Error(Code::Invalid, "a tensor's name must be UTF-8");
    for (auto& [key, old] : map->entries) {
      if (key != name) continue;
      carton_tensor* replaced = std::exchange(old, carton_tensor_retain(tensor));
      carton_tensor_free(replaced);
      return;
    }
    map->entries.emplace_back(name, tensor);
    carton_tensor_retain(tensor);
  });
}

uint64_t carton_tensors_count(const carton_tensors* map) { return map == nullptr ? 0 : map->entries.size(); }

const char* carton_tensors_name(const carton_tensors* map, uint64_t index) {
  return index < carton_tensors_count(map) ? map->entries[index].first.c_str() : nullptr;
}

carton_tensor* carton_tensors_at(const carton_tensors* map, uint64_t index) {
  return index < carton_tensors_count(map) ? map->entries[index].second : nullptr;
}

carton_tensor* carton_tensors_get(const carton_tensors* map, const char* name) {
  if (map == nullptr || name == nullptr) return nullptr;
  for (const auto& [key, tensor] : map->entries) {
    if (key == name) return tensor;
  }
  return nullptr;
}

void carton_tensors_free(carton_tensors* map) { delete map; }
