// Bytes in memory as a source.
#pragma once

#include <cstring>
#include <string>
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "io/source.h"

namespace carton {

class MemorySource : public Source {
 public:
  explicit MemorySource(std::string bytes, std::string name = "memory")
      : bytes_(std::move(bytes)), name_(std::move(name)) {}

  uint64_t size() const override { return bytes_.size(); }
  void read_at(uint64_t offset, std::byte* out, uint64_t length) const override {
    if (!in_range(offset, length, bytes_.size())) throw Error(Code::Io, name_ + ": read past the end");
    if (length != 0) std::memcpy(out, bytes_.data() + offset, length);
  }
  std::string name() const override { return name_; }

 private:
  std::string bytes_;
  std::string name_;
};

}  // namespace carton
