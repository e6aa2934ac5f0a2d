// Part of carton.hpp: what a carton says of itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "carton/carton.h"
#include "carton/cpp/error.hpp"
#include "carton/cpp/tensor.hpp"

namespace carton {
inline namespace v1 {

// The metadata of a carton, read without a runner. Keeps the file open for the reads below.
class Info {
 public:
  // `location`: a file or a directory. Validates the index and reads the metadata, no model file.
  static Info open(const std::string& location) {
    carton_info* out = nullptr;
    detail::check(carton_info_open, location.c_str(), &out);
    return Info(out);
  }

  // Everything as one JSON object; its keys are described in spec/c-abi.md.
  std::string json() const { return carton_info_json(handle()); }
  // Identifies the model: 64 hexadecimal digits.
  std::string manifest_sha256() const { return carton_info_manifest_sha256(handle()); }

  // The tensor that a self test or an example of json() names, checked against MANIFEST.
  Tensor tensor(const std::string& name) const {
    carton_tensor* out = nullptr;
    detail::check(carton_info_tensor, handle(), name.c_str(), &out);
    return Tensor::adopt(out);
  }

  // Copies up to `capacity` bytes of the file `path` (as in MANIFEST) from `offset` on into `buffer`;
  // returns how many, 0 at the end. The file's hash is checked at the first read.
  std::size_t read(const std::string& path, std::uint64_t offset, void* buffer, std::size_t capacity) const {
    std::uint64_t length = 0;
    detail::check(carton_info_read, handle(), path.c_str(), offset, buffer,
                  static_cast<std::uint64_t>(capacity), &length);
    return static_cast<std::size_t>(length);
  }

  // Hashes every file against MANIFEST. JSON: {"files": [{"path", "expected", "actual"}], "ok": bool}.
  // A mismatch is reported there, not thrown.
  std::string verify() const {
    char* out = nullptr;
    detail::check(carton_info_verify, handle(), &out);
    const detail::Handle<char, carton_string_free> report(out);
    return report.get();
  }

  // For calls of carton.h that are not wrapped here; adopt() takes the ownership.
  carton_info* handle() const noexcept { return handle_.get(); }
  static Info adopt(carton_info* handle) noexcept { return Info(handle); }

 private:
  explicit Info(carton_info* handle) noexcept : handle_(handle) {}

  detail::Handle<carton_info, carton_info_free> handle_;
};

}  // namespace v1
}  // namespace carton
