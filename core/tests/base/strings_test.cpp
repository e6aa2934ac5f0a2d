#include "base/strings.h"

#include <gtest/gtest.h>

namespace carton {
namespace {

TEST(Text, JoinsTextNumbersAndCharacters) {
  EXPECT_EQ(text("rank ", 3, " of ", quoted("x"), ',', uint64_t{1} << 63),
            "rank 3 of `x`,9223372036854775808");
}

TEST(Utf8, TakesWellFormedSequencesOnly) {
  for (const char* good : {"", "ascii", "\xC3\xA4", "\xE6\xBC\xA2", "\xF0\x9F\x90\xA7", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xC0\xAF", "\xC1\x81", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\xAF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "\xE6\xBC", "\xF0\x9F\x90", "a\xFFz"}) {
    EXPECT_FALSE(is_utf8(bad)) << quoted(bad);
  }
}

TEST(Quoted, StaysOnePrintableLineWhateverComes) {
  EXPECT_EQ(quoted("name"), "`name`");
  EXPECT_EQ(quoted("a\nb\x1b[31m\x7f"), "`a\\x0ab\\x1b[31m\\x7f`");
  EXPECT_EQ(quoted("\xFF\xC3\xA4"), "`\\xff\xC3\xA4`");
  EXPECT_LT(quoted(std::string(100'000, 'x')).size(), 220u);
}

TEST(Quoted, NeverCutsInsideACharacter) {
  std::string wide;
  for (int i = 0; i < 200; ++i) wide += "\xE6\xBC\xA2";
  EXPECT_TRUE(is_utf8(quoted(wide)));
}

TEST(Printable, StripsEscapesAndControls) {
  EXPECT_EQ(printable("\x1b[1;31mred\x1b[0m\a\r\n\tend"), "red\n\tend");
  EXPECT_EQ(printable("a\xC2\x9B"
                      "31mb"),
            "a31mb");  // a C1 control sequence introducer
  EXPECT_EQ(printable("\xFF"), "\xEF\xBF\xBD");
  EXPECT_EQ(printable("\x1b["), "");
  EXPECT_EQ(printable("\x1b"), "");
}

}  // namespace
}  // namespace carton
