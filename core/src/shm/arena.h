// A buddy allocator over a region's range of bytes: power-of-two blocks from 4 KiB up, always the
// lowest free address, so that the same warm pages are used again and again. It keeps its books in
// private memory; nothing that the peer can write is read. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace carton::shm {

class Arena {
 public:
  static constexpr uint64_t kMinBlock = 4096;

  // Manages [0, capacity); what exceeds the largest multiple of 4 KiB is not used.
  explicit Arena(uint64_t capacity);

  // Offset of a free block of at least `size` bytes, aligned to its power-of-two size; nullopt: full.
  std::optional<uint64_t> allocate(uint64_t size);
  // False if no block that is in use begins at `offset`.
  bool release(uint64_t offset);

  uint64_t in_use() const { return in_use_; }  // bytes, rounded up to blocks

 private:
  static uint32_t order_of(uint64_t size);

  std::vector<std::set<uint64_t>> free_;           // per order, by address
  std::unordered_map<uint64_t, uint32_t> blocks_;  // offset -> order of blocks in use
  uint64_t capacity_, in_use_ = 0;
};

}  // namespace carton::shm
