// Where a carton's bytes come from: a size, reads at an offset, maybe a descriptor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace carton {

class Source {
 public:
  virtual ~Source() = default;
  virtual uint64_t size() const = 0;
  // Reads exactly `length` bytes at `offset`; throws IO (or NETWORK) on failure or a short read.
  // Safe from several threads at once.
  virtual void read_at(uint64_t offset, std::byte* out, uint64_t length) const = 0;
  // A descriptor on which [0, size) is the same bytes, or -1. Owned by the source.
  virtual int fd() const { return -1; }
  // For messages.
  virtual std::string name() const = 0;
};

}  // namespace carton
