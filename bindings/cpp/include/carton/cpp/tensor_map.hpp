// Part of carton.hpp: named tensors, what a model takes and gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "carton/carton.h"
#include "carton/cpp/error.hpp"
#include "carton/cpp/tensor.hpp"

namespace carton {
inline namespace v1 {

// Named tensors in insertion order. Reading hands out second handles to the tensors of the map: no
// data is copied, and they outlive the map.
class TensorMap {
 public:
  using Item = std::pair<std::string, Tensor>;

  TensorMap() { create(); }
  // {{"a", Tensor::of({1.0f})}, {"b", Tensor::text("hello")}}; a later item replaces an equal name.
  TensorMap(std::initializer_list<Item> items) {
    create();
    for (const Item& item : items) set(item.first, item.second);
  }

  // Adds or replaces. The map shares the tensor with the caller.
  void set(const std::string& name, const Tensor& tensor) {
    detail::check(carton_tensors_set, handle(), name.c_str(), tensor.handle());
  }

  std::size_t size() const noexcept { return static_cast<std::size_t>(carton_tensors_count(handle())); }
  bool empty() const noexcept { return size() == 0; }
  bool contains(const std::string& name) const noexcept {
    return carton_tensors_get(handle(), name.c_str()) != nullptr;
  }

  // Throws Code::Invalid, naming what there is, when `name` is absent.
  Tensor at(const std::string& name) const {
    carton_tensor* tensor = carton_tensors_get(handle(), name.c_str());
    if (tensor == nullptr) throw Error(Code::Invalid, "no tensor is named `" + name + "`", describe_names());
    return Tensor::adopt(carton_tensor_retain(tensor));
  }
  // The same as at(): unlike in std::map, reading never adds. Use set() to add.
  Tensor operator[](const std::string& name) const { return at(name); }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (std::uint64_t i = 0; i < size(); ++i) names.emplace_back(carton_tensors_name(handle(), i));
    return names;
  }

  // for (const auto& [name, tensor] : map) ...
  class Iterator {
   public:
    Item operator*() const {
      return {carton_tensors_name(map_, index_),
              Tensor::adopt(carton_tensor_retain(carton_tensors_at(map_, index_)))};
    }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    friend class TensorMap;
    Iterator(const carton_tensors* map, std::uint64_t index) : map_(map), index_(index) {}
    const carton_tensors* map_;
    std::uint64_t index_;
  };
  Iterator begin() const { return {handle(), 0}; }
  Iterator end() const { return {handle(), size()}; }

  // For calls of carton.h that are not wrapped here; adopt() takes the ownership.
  carton_tensors* handle() const noexcept { return handle_.get(); }
  static TensorMap adopt(carton_tensors* handle) noexcept { return TensorMap(handle); }

 private:
  explicit TensorMap(carton_tensors* handle) noexcept : handle_(handle) {}

  void create() {
    carton_tensors* out = nullptr;
    detail::check(carton_tensors_create, &out);
    handle_.reset(out);
  }

  std::string describe_names() const {
    if (empty()) return "the map is empty";
    std::string text;
    for (const std::string& name : names()) text += (text.empty() ? "it holds `" : "`, `") + name;
    return text + "`";
  }

  detail::Handle<carton_tensors, carton_tensors_free> handle_;
};

}  // namespace v1
}  // namespace carton
