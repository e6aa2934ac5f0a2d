#include "format/path.h"

#include "support/expect_code.h"

namespace carton::format {
namespace {

TEST(CheckPath, takes_relative_names_of_any_script) {
  for (const char* good :
       {"a", "model/a.b/c d=e", "misc/\xc3\xa9\xe6\x97\xa5", "...", "a/.hidden", "a/..b"}) {
    EXPECT_NO_THROW(check_path(good, {}));
  }
}

TEST(CheckPath, refuses_whatever_could_name_something_else) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "is empty"},
      {"../x", "`..`"},
      {"a/../b", "`..`"},
      {"..", "`..`"},
      {".", "`.`"},
      {"a/./b", "`.`"},
      {"a//b", "empty part"},
      {"a/", "empty part"},
      {"/tmp/x", "absolute"},
      {"..\\x", "backslash"},
      {"C:\\x", "colon"},
      {"a:b", "colon"},
      {std::string("a\0b", 3), "control"},
      {"a\nb", "control"},
      {"a\x1b[31m", "control"},
      {"\xff", "UTF-8"},
      {"\xc0\xaf", "UTF-8"},
      {"\xed\xa0\x80", "UTF-8"},
      {"a\x7f", "control"},
  };
  for (const auto& [path, fragment] : cases) EXPECT_CODE(Code::Format, fragment, check_path(path, {}));
}

TEST(CheckPath, lengths_and_depth_are_limits) {
  EXPECT_CODE(Code::Limit, "1024", check_path(std::string(1025, 'a'), {}));
  EXPECT_CODE(Code::Limit, "255", check_path(std::string(256, 'a'), {}));
  std::string deep = "a";
  for (int i = 1; i < 32; ++i) deep += "/a";
  EXPECT_NO_THROW(check_path(deep, {}));
  EXPECT_CODE(Code::Limit, "32", check_path(deep + "/a", {}));
}

TEST(ResolveLink, follows_from_the_folder_of_the_link) {
  EXPECT_EQ(resolve_link("model/a", "b"), "model/b");
  EXPECT_EQ(resolve_link("model/x/a", "../b/./c"), "model/b/c");
  EXPECT_EQ(resolve_link("model/a", "../misc//b"), "misc/b");
  EXPECT_EQ(resolve_link("a", "b"), "b");
}

TEST(ResolveLink, stays_inside) {
  EXPECT_CODE(Code::Format, "leaves the carton", resolve_link("model/a", "../../x"));
  EXPECT_CODE(Code::Format, "leaves the carton", resolve_link("a", ".."));
  EXPECT_CODE(Code::Format, "is absolute", resolve_link("model/a", "/etc/passwd"));
  EXPECT_CODE(Code::Format, "no target", resolve_link("model/a", ""));
}

}  // namespace
}  // namespace carton::format
