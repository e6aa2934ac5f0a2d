#include "base/checked.h"

#include <gtest/gtest.h>

namespace carton {
namespace {

TEST(InRange, NeverWraps) {
  EXPECT_TRUE(in_range(0, 0, 0));
  EXPECT_TRUE(in_range(4, 6, 10));
  EXPECT_TRUE(in_range(10, 0, 10));
  EXPECT_FALSE(in_range(4, 7, 10));
  EXPECT_FALSE(in_range(11, 0, 10));
  EXPECT_FALSE(in_range(8, UINT64_MAX - 4, 10));
  EXPECT_FALSE(in_range(UINT64_MAX, 1, 10));
}

TEST(Checked, ReportsOverflow) {
  uint64_t out = 0;
  EXPECT_FALSE(add_overflows(1, 2, &out));
  EXPECT_EQ(out, 3u);
  EXPECT_TRUE(add_overflows(UINT64_MAX, 1, &out));
  EXPECT_TRUE(mul_overflows(uint64_t{1} << 32, uint64_t{1} << 32, &out));
}

}  // namespace
}  // namespace carton
