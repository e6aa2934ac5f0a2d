#include "shm/arena.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace carton::shm {
namespace {

TEST(Arena, GivesAlignedBlocksThatNeverOverlap) {
  Arena arena(1 << 22);
  std::map<uint64_t, uint64_t> blocks;
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 3 != 0) {
      uint64_t size = 1 + random() % 60'000;
      auto offset = arena.allocate(size);
      if (!offset) continue;
      auto next = blocks.lower_bound(*offset);
      ASSERT_TRUE(next == blocks.end() || *offset + size <= next->first);
      ASSERT_TRUE(next == blocks.begin() || std::prev(next)->first + std::prev(next)->second <= *offset);
      ASSERT_EQ(*offset % Arena::kMinBlock, 0u);
      ASSERT_LE(*offset + size, uint64_t{1} << 22);
      blocks[*offset] = size;
    } else if (!blocks.empty()) {
      auto victim = std::next(blocks.begin(), static_cast<long>(random() % blocks.size()));
      ASSERT_TRUE(arena.release(victim->first));
      blocks.erase(victim);
    }
  }
  for (auto& [offset, size] : blocks) ASSERT_TRUE(arena.release(offset));
  EXPECT_EQ(arena.in_use(), 0u);
  EXPECT_TRUE(arena.allocate(1 << 22).has_value());  // all merged again
}

TEST(Arena, ReusesTheSameWarmBlock) {
  Arena arena(1 << 24);
  auto first = arena.allocate(70'000);
  arena.release(*first);
  EXPECT_EQ(arena.allocate(100'000), first);
}

TEST(Arena, AFullArenaSaysSo) {
  Arena arena(64 * 1024);
  EXPECT_FALSE(arena.allocate(64 * 1024 + 1).has_value());
  EXPECT_TRUE(arena.allocate(64 * 1024).has_value());
  EXPECT_FALSE(arena.allocate(1).has_value());
}

TEST(Arena, UsesACapacityThatIsNoPowerOfTwo) {
  Arena arena(7 * 4096 + 100);
  for (int i = 0; i < 7; ++i) EXPECT_TRUE(arena.allocate(4096).has_value());
  EXPECT_FALSE(arena.allocate(1).has_value());
}

TEST(Arena, RefusesToReleaseWhatItDidNotGive) {
  Arena arena(1 << 20);
  auto block = arena.allocate(10'000);
  EXPECT_FALSE(arena.release(*block + 4096));
  EXPECT_TRUE(arena.release(*block));
  EXPECT_FALSE(arena.release(*block));
}

}  // namespace
}  // namespace carton::shm
