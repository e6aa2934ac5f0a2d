// Sealed shared memory and its mappings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/fd.h"

namespace carton::shm {

// A memfd of `size` bytes that can never shrink, grow or be unsealed. Sparse: pages cost memory only
// once written. Close-on-exec. Throws NO_MEMORY or IO.
Fd create_sealed(const char* name, uint64_t size);

// No new writable shared mapping and no write() from now on; existing mappings keep working. What
// makes a region writable by its maker alone.
void seal_future_writes(int fd);

// Is `fd` a memfd sealed against resizing, of at least `size` bytes? What a peer sends is mapped only then.
bool is_sealed(int fd, uint64_t size);

enum class Access {
  SharedRead,    // MAP_SHARED, PROT_READ
  SharedWrite,   // MAP_SHARED, PROT_READ | PROT_WRITE
  PrivateLater,  // MAP_PRIVATE, PROT_NONE: made writable piece by piece with Mapping::make_writable
};

class Mapping {
 public:
  Mapping() = default;
  // Maps [offset, offset + size); offset is a multiple of the page size.
  Mapping(int fd, uint64_t offset, uint64_t size, Access access);
  Mapping(Mapping&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Mapping();

  std::byte* data() const { return data_; }
  uint64_t size() const { return size_; }

  // Read-write from now on. Page-aligned range within the mapping. Throws NO_MEMORY.
  void make_writable(uint64_t offset, uint64_t size);
  // PrivateLater only: forgets this process's own copies of the pages that [offset, offset + size)
  // touches; the next access sees the file's bytes again.
  void drop_private_pages(uint64_t offset, uint64_t size);

 private:
  std::byte* data_ = nullptr;
  uint64_t size_ = 0;
};

}  // namespace carton::shm
