#include "shm/arena.h"

namespace carton::shm {
namespace {

constexpr uint32_t kMaxOrder = 50;  // 4 KiB << 50: beyond any address space

uint64_t block_size(uint32_t order) { return Arena::kMinBlock << order; }

}  // namespace

Arena::Arena(uint64_t capacity) : free_(kMaxOrder + 1), capacity_(capacity / kMinBlock * kMinBlock) {
  // Cut the range into aligned blocks, largest first.
  uint64_t offset = 0;
  for (uint32_t order = kMaxOrder + 1; order-- > 0;) {
    while (capacity_ - offset >= block_size(order)) {
      free_[order].insert(offset);
      offset += block_size(order);
    }
  }
}

uint32_t Arena::order_of(uint64_t size) {
  uint32_t order = 0;
  while (block_size(order) < size) ++order;
  return order;
}

std::optional<uint64_t> Arena::allocate(uint64_t size) {
  if (size > capacity_) return std::nullopt;
  const uint32_t order = order_of(size);
  uint32_t from = order;
  while (from <= kMaxOrder && free_[from].empty()) ++from;
  if (from > kMaxOrder) return std::nullopt;
  uint64_t offset = *free_[from].begin();
  free_[from].erase(free_[from].begin());
  while (from > order) {  // keep the lower half, free the upper
    --from;
    free_[from].insert(offset + block_size(from));
  }
  blocks_.emplace(offset, order);
  in_use_ += block_size(order);
  return offset;
}

bool Arena::release(uint64_t offset) {
  auto found = blocks_.find(offset);
  if (found == blocks_.end()) return false;
  uint32_t order = found->second;
  blocks_.erase(found);
  in_use_ -= block_size(order);
  while (order < kMaxOrder) {  // merge with the buddy as long as it is free and whole
    auto buddy = free_[order].find(offset ^ block_size(order));
    if (buddy == free_[order].end()) break;
    offset = offset < *buddy ? offset : *buddy;
    free_[order].erase(buddy);
    ++order;
  }
  free_[order].insert(offset);
  return true;
}

}  // namespace carton::shm
