#include "base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>

namespace carton {
namespace {

TEST(Error, EveryCodeHasANameOfItsOwn) {
  std::set<std::string> names;
  for (int32_t number = 0; number <= static_cast<int32_t>(Code::Internal); ++number) {
    names.insert(code_name(static_cast<Code>(number)));
  }
  EXPECT_EQ(names.size(), 22u);
  EXPECT_EQ(names.count("UNKNOWN"), 0u);
  EXPECT_STREQ(code_name(static_cast<Code>(22)), "UNKNOWN");
}

TEST(Error, OsErrorsGetTheCodeThatFits) {
  EXPECT_EQ(os_error("write", ENOSPC).code(), Code::NoSpace);
  EXPECT_EQ(os_error("write", EDQUOT).code(), Code::NoSpace);
  EXPECT_EQ(os_error("map", ENOMEM).code(), Code::NoMemory);
  EXPECT_EQ(os_error("open", ENOENT).code(), Code::Io);
  EXPECT_EQ(os_error("open `x`", ENOENT).message(), "open `x`: No such file or directory");
  EXPECT_NE(os_error("open", EMFILE).hint().find("ulimit"), std::string::npos);
}

TEST(Error, WithinKeepsEverythingElse) {
  Error error = Error(Code::Format, "bad", "mend it", "log").within("m.carton");
  EXPECT_EQ(error.message(), "m.carton: bad");
  EXPECT_EQ(error.hint(), "mend it");
  EXPECT_EQ(error.log(), "log");
  EXPECT_EQ(error.code(), Code::Format);
}

}  // namespace
}  // namespace carton
