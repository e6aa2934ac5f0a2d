#include "shm/spin.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace carton::shm {
namespace {

constexpr int64_t kBudget = 200'000;

bool never() { return false; }
bool always() { return true; }

// Does it still spend its budget on a wait that will not end?
bool spends_time(Spinner& spinner) {
  int64_t began = now_ns();
  spinner.spin(never);
  return now_ns() - began >= kBudget;
}

TEST(Spinner, GivesUpOnAPeerThatIsSlowAndTrustsAFastOneAgain) {
  if (!can_spin()) return;  // with one CPU it never spins at all
  Spinner spinner(kBudget);
  EXPECT_TRUE(spends_time(spinner));
  for (int i = 0; i < 10; ++i) spinner.spin(never);
  EXPECT_FALSE(spends_time(spinner));
  spinner.slept(10 * kBudget);
  spinner.slept(-1);
  EXPECT_FALSE(spends_time(spinner));
  spinner.slept(kBudget / 2);
  EXPECT_TRUE(spends_time(spinner));
}

TEST(Spinner, ReturnsAtOnceWhenReady) {
  Spinner spinner(kBudget);
  EXPECT_TRUE(spinner.spin(always));
  for (int i = 0; i < 10; ++i) spinner.spin(never);
  EXPECT_TRUE(spinner.spin(always));
}

TEST(Spinner, NeverSpinsLongerThanItsBudgetByMuch) {
  Spinner spinner(kBudget);
  int64_t best = INT64_MAX;
  for (int i = 0; i < 3; ++i) {
    int64_t began = now_ns();
    spinner.spin(never);
    best = std::min(best, now_ns() - began);
  }
  EXPECT_LT(best, 10 * kBudget);
}

}  // namespace
}  // namespace carton::shm
