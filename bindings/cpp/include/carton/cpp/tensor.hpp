// Part of carton.hpp: one tensor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "carton/carton.h"
#include "carton/cpp/dtype.hpp"
#include "carton/cpp/error.hpp"

namespace carton {
inline namespace v1 {

// Dimensions, outermost first; empty for a scalar. Each is 0 or more, at most 32 of them.
using Shape = std::vector<std::int64_t>;

// Dtype, shape and row-major elements. Dtype and shape never change; the elements may be written to.
// Data of a model's output stays valid after the model was closed, until the tensor is destroyed.
class Tensor {
 public:
  // --- Making one -------------------------------------------------------------------------------

  // Of unset memory, to be filled through data(). Not for strings.
  static Tensor empty(DType dtype, const Shape& shape) {
    carton_tensor* out = nullptr;
    detail::check(carton_tensor_create, static_cast<std::int32_t>(dtype), shape.data(), rank_of(shape), &out);
    return Tensor(out);
  }

  // A copy of `values`, one-dimensional: Tensor::of({1.0f, 2.0f}).
  template <class T>
  static Tensor of(std::initializer_list<T> values) {
    return from_range<T>(values, {static_cast<std::int64_t>(values.size())});
  }
  template <class T>
  static Tensor of(const std::vector<T>& values) {
    return from_range<T>(values, {static_cast<std::int64_t>(values.size())});
  }

  // A copy of row-major `values` as `shape`, which must have as many elements (else Code::Invalid).
  template <class T>
  static Tensor of(const std::vector<T>& values, const Shape& shape) {
    return from_range<T>(values, shape);
  }

  template <class T>
  static Tensor scalar(T value) {
    return from_range<T>(std::initializer_list<T>{value}, {});
  }

  // A copy of the row-major elements at `data`.
  static Tensor copy(DType dtype, const Shape& shape, const void* data) {
    Tensor tensor = empty(dtype, shape);
    const auto* bytes = static_cast<const std::byte*>(data);
    std::copy_n(bytes, tensor.nbytes(), static_cast<std::byte*>(tensor.data()));
    return tensor;
  }
  template <class T>
  static Tensor copy(const T* data, const Shape& shape) {
    return copy(dtype_of<T>(), shape, data);
  }

  // Called once, when a view's memory is no longer needed; maybe on a thread of the library. It must
  // not throw.
  using Release = std::function<void()>;

  // The caller's memory itself, not copied. It must stay valid until `release` is called; without
  // one, until the tensor and every call it was given to are gone. `strides` counts elements and may
  // be negative; empty means row-major. What is not row-major is copied at once. `release` is not
  // called when this throws.
  static Tensor view(DType dtype, const Shape& shape, const void* data, Release release = {},
                     const Shape& strides = {}) {
    if (!strides.empty() && strides.size() != shape.size())
      throw Error(Code::Invalid, "expected one stride per dimension (" + std::to_string(shape.size()) +
                                     "), got " + std::to_string(strides.size()));
    auto owner = release ? std::make_unique<Release>(std::move(release)) : nullptr;
    carton_tensor* out = nullptr;
    detail::check(carton_tensor_view, static_cast<std::int32_t>(dtype), shape.data(),
                  strides.empty() ? nullptr : strides.data(), rank_of(shape), data,
                  owner ? &call_release : nullptr, static_cast<void*>(owner.get()), &out);
    static_cast<void>(owner.release());
    return Tensor(out);
  }
  template <class T>
  static Tensor view(const T* data, const Shape& shape, Release release = {}, const Shape& strides = {}) {
    return view(dtype_of<T>(), shape, data, std::move(release), strides);
  }

  // String tensors: one text (a scalar), or a list; UTF-8, NUL allowed inside. Everything is copied.
  static Tensor text(std::string_view text) { return strings(&text, 1, {}); }
  static Tensor texts(std::initializer_list<std::string_view> values) {
    return strings(values.begin(), values.size(), {static_cast<std::int64_t>(values.size())});
  }
  static Tensor texts(const std::vector<std::string>& values) {
    return texts(values, {static_cast<std::int64_t>(values.size())});
  }
  static Tensor texts(const std::vector<std::string>& values, const Shape& shape) {
    const std::vector<std::string_view> views(values.begin(), values.end());
    return strings(views.data(), views.size(), shape);
  }

  // A second handle to the same tensor; no data is copied.
  Tensor share() const { return Tensor(carton_tensor_retain(handle_.get())); }

  // --- Reading it -------------------------------------------------------------------------------

  DType dtype() const noexcept { return static_cast<DType>(carton_tensor_dtype(handle_.get())); }
  Shape shape() const {
    const std::int64_t* dims = carton_tensor_shape(handle_.get());
    return rank() > 0 ? Shape(dims, dims + rank()) : Shape();
  }
  int rank() const noexcept { return carton_tensor_rank(handle_.get()); }
  std::size_t count() const noexcept { return static_cast<std::size_t>(carton_tensor_count(handle_.get())); }
  std::size_t nbytes() const noexcept {
    return static_cast<std::size_t>(carton_tensor_nbytes(handle_.get()));
  }

  // count() row-major elements that belong to the tensor; null for strings.
  void* data() const noexcept { return carton_tensor_data(handle_.get()); }
  // The same; throws Code::Invalid unless T is the tensor's element type. Nothing is converted.
  template <class T>
  T* data() const {
    expect_dtype(dtype_of<T>());
    return static_cast<T*>(data());
  }

  // A copy of all elements, row-major. T is the element type, or std::string for strings.
  template <class T>
  std::vector<T> to_vector() const {
    if constexpr (std::is_same_v<T, std::string>) {
      std::vector<std::string> texts;
      texts.reserve(count());
      for (std::size_t i = 0; i < count(); ++i) texts.emplace_back(text_at(i));
      return texts;
    } else {
      const T* first = data<T>();
      return count() > 0 ? std::vector<T>(first, first + count()) : std::vector<T>();
    }
  }

  // The only element, whatever the rank; T as for to_vector. Throws Code::Invalid if there are more.
  template <class T>
  T item() const {
    if (count() != 1)
      throw Error(Code::Invalid, "expected a tensor of one element, got " + std::to_string(count()));
    if constexpr (std::is_same_v<T, std::string>) {
      return std::string(text_at(0));
    } else {
      return *data<T>();
    }
  }

  // String `index`, row-major; valid as long as the tensor. Throws Code::Invalid for other dtypes
  // and beyond the end.
  std::string_view text_at(std::size_t index) const {
    const char* text = nullptr;
    std::uint64_t length = 0;
    detail::check(carton_tensor_string, handle(), static_cast<std::uint64_t>(index), &text, &length);
    return {text, static_cast<std::size_t>(length)};
  }

  // --- For calls of carton.h that are not wrapped here ------------------------------------------

  carton_tensor* handle() const noexcept { return handle_.get(); }
  // Takes the ownership of one reference.
  static Tensor adopt(carton_tensor* handle) noexcept { return Tensor(handle); }

 private:
  explicit Tensor(carton_tensor* handle) noexcept : handle_(handle) {}

  static std::int32_t rank_of(const Shape& shape) { return static_cast<std::int32_t>(shape.size()); }

  static void call_release(void* user_data) {
    const std::unique_ptr<Release> release(static_cast<Release*>(user_data));
    (*release)();
  }

  static void expect_count(std::size_t values, const Shape& shape) {
    std::size_t expected = 1;
    bool representable = true;
    std::string dims;
    for (const std::int64_t dim : shape) {
      dims += (dims.empty() ? "" : ", ") + std::to_string(dim);
      representable = representable && dim >= 0 && !__builtin_mul_overflow(expected, dim, &expected);
    }
    if (!representable)
      throw Error(Code::Invalid, "shape [" + dims + "] has a negative dimension or too many elements");
    if (values != expected)
      throw Error(Code::Invalid, "expected " + std::to_string(expected) + " values for shape [" + dims +
                                     "], got " + std::to_string(values));
  }

  void expect_dtype(DType wanted) const {
    if (dtype() == wanted) return;
    throw Error(Code::Invalid,
                std::string("the tensor is ") + dtype_name(dtype()) + ", asked for as " + dtype_name(wanted),
                "data is never converted; read it as its own dtype");
  }

  template <class T, class Range>
  static Tensor from_range(const Range& values, const Shape& shape) {
    expect_count(values.size(), shape);
    Tensor tensor = empty(dtype_of<T>(), shape);
    std::copy(values.begin(), values.end(), tensor.data<T>());
    return tensor;
  }

  static Tensor strings(const std::string_view* values, std::size_t size, const Shape& shape) {
    expect_count(size, shape);
    std::vector<const char*> texts;
    std::vector<std::uint64_t> lengths;
    for (std::size_t i = 0; i < size; ++i) {
      texts.push_back(values[i].data() != nullptr ? values[i].data() : "");
      lengths.push_back(values[i].size());
    }
    carton_tensor* out = nullptr;
    detail::check(carton_tensor_strings, shape.data(), rank_of(shape), texts.data(), lengths.data(), &out);
    return Tensor(out);
  }

  detail::Handle<carton_tensor, carton_tensor_free> handle_;
};

}  // namespace v1
}  // namespace carton
