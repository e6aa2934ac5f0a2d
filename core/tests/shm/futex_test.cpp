#include "shm/futex.h"

#include <gtest/gtest.h>

#include <thread>

#include "shm/memory.h"

namespace carton::shm {
namespace {

constexpr int64_t kMs = 1'000'000;

TEST(Futex, WaitEndsAtItsDeadline) {
  Word word{1};
  int64_t began = now_ns();
  while (now_ns() < began + 30 * kMs) wait(&word, 1, began + 30 * kMs);
  EXPECT_GE(now_ns() - began, 30 * kMs);
}

TEST(Futex, WaitReturnsAtOnceWhenTheWordDiffers) {
  Word word{2};
  int64_t began = now_ns();
  wait(&word, 1, kForever);
  EXPECT_LT(now_ns() - began, 1000 * kMs);
}

// Every kind of change wakes a waiter on both words, the shared one also through a read-only mapping.
TEST(Futex, EitherWordWakesTheWaiter) {
  Fd fd = create_sealed("test", 1 << 20);
  Mapping writer(fd.get(), 0, 1 << 20, Access::SharedWrite), reader(fd.get(), 0, 1 << 20, Access::SharedRead);
  auto* shared = reinterpret_cast<Word*>(writer.data());
  const auto* seen = reinterpret_cast<const Word*>(reader.data());
  for (bool through_shared : {true, false}) {
    shared->store(0);
    Word own{0};
    std::thread waiter([&] {
      while (seen->load() == 0 && own.load() == 0) wait_either(seen, 0, &own, 0, kForever);
    });
    (through_shared ? shared : &own)->store(1);
    wake_all(through_shared ? shared : &own);
    waiter.join();
  }
}

}  // namespace
}  // namespace carton::shm
