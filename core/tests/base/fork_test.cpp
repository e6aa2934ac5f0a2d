#include "base/fork.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carton {
namespace {

TEST(ForkGuard, TellsAForkedChildAndItsOwnChildrenFromTheParent) {
  ForkGuard guard;
  EXPECT_FALSE(guard.forked());
  pid_t child = ::fork();
  if (child == 0) {
    ForkGuard own;
    bool right = guard.forked() && !own.forked();
    pid_t grandchild = ::fork();
    if (grandchild == 0) ::_exit(guard.forked() && own.forked() ? 0 : 1);
    int status = 0;
    ::waitpid(grandchild, &status, 0);
    ::_exit(right && status == 0 ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(guard.forked());
}

}  // namespace
}  // namespace carton
