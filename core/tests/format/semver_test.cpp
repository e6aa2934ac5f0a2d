#include "format/semver.h"

#include "support/expect_code.h"

namespace carton::format {
namespace {

bool matches(const char* requirement, const char* version) {
  return VersionReq::parse(requirement).matches(Version::parse(version));
}

TEST(Version, parses_and_renders) {
  for (const char* good : {"0.0.0", "1.2.3", "1.2.3-alpha", "1.2.3-alpha.1.x-y", "2.0.1+cu118",
                           "1.0.0-rc.1+001", "18446744073709551615.0.0", "1.0.0+0.00"}) {
    EXPECT_EQ(Version::parse(good).text(), good);
  }
}

TEST(Version, refuses_everything_else) {
  for (const char* bad : {"", "1", "1.2", "1.2.", "v1.2.3", " 1.2.3", "1.2.3 ", "01.2.3", "1.02.3", "1.2.3-",
                          "1.2.3-a..b", "1.2.3-01", "1.2.3+", "1.2.3+a+b", "1.0.0-\xce\xb1",
                          "18446744073709551616.0.0", "1.2.3.4", "-1.0.0", "1.2.x"}) {
    EXPECT_CODE(Code::Format, "version", Version::parse(bad));
  }
}

TEST(Version, orders_as_semver_says) {
  const char* const ascending[] = {"0.9.9",
                                   "1.0.0-0",
                                   "1.0.0-2",
                                   "1.0.0-10",
                                   "1.0.0-alpha",
                                   "1.0.0-alpha.1",
                                   "1.0.0-alpha.beta",
                                   "1.0.0-beta",
                                   "1.0.0-beta.2",
                                   "1.0.0-beta.11",
                                   "1.0.0-rc.1",
                                   "1.0.0",
                                   "1.0.1",
                                   "1.1.0",
                                   "2.0.0"};
  for (size_t i = 0; i + 1 < std::size(ascending); ++i) {
    Version a = Version::parse(ascending[i]), b = Version::parse(ascending[i + 1]);
    EXPECT_TRUE(compare(a, b) < 0) << ascending[i];
    EXPECT_TRUE(compare(b, a) > 0) << ascending[i];
    EXPECT_TRUE(compare(a, a) == 0) << ascending[i];
  }
  EXPECT_TRUE(compare(Version::parse("1.0.0+a"), Version::parse("1.0.0+b")) == 0);
}

TEST(VersionReq, renders_canonically) {
  const std::pair<const char*, const char*> cases[] = {
      {"1.2", "^1.2"},
      {">= 2.0", ">=2.0"},
      {"*", "*"},
      {" x ", "*"},
      {"1.*", "1.*"},
      {"1.2.X", "1.2.*"},
      {"=1.2.*", "=1.2"},
      {">1.*", ">1"},
      {"1.*.*", "1.*"},
      {" >=1 , <2", ">=1, <2"},
      {"~1.2.3-a.1+build", "~1.2.3-a.1"},
      {"=2.0.1+cu118", "=2.0.1"},
      {"^ 0.0.3", "^0.0.3"},
      {"<=1.2", "<=1.2"},
  };
  for (const auto& [text, canonical] : cases) {
    EXPECT_EQ(VersionReq::parse(text).text(), canonical);
    EXPECT_EQ(VersionReq::parse(canonical).text(), canonical);
  }
}

TEST(VersionReq, refuses_what_the_grammar_lacks) {
  for (const char* bad : {"",
                          " ",
                          "1,",
                          ",1",
                          "1 2",
                          "==1",
                          "!=1",
                          "v1",
                          "1 - 2",
                          "1 || 2",
                          "*, 1",
                          "1, *",
                          "* 1",
                          "01",
                          "1.02",
                          "1.x.3",
                          "1.2-a",
                          "1+b",
                          "1.2.3-",
                          "1.2.3-01",
                          "=>1",
                          "1.0.0-\xce\xb1",
                          "18446744073709551616",
                          "1.2.3.4",
                          ">=",
                          "1.-2",
                          "1.2.3+",
                          "~>1"}) {
    EXPECT_CODE(Code::Format, "version requirement", VersionReq::parse(bad));
  }
}

TEST(VersionReq, takes_32_comparators_and_not_33) {
  std::string many = "1";
  for (int i = 1; i < 32; ++i) many += ",1";
  EXPECT_TRUE(VersionReq::parse(many).matches(Version::parse("1.5.0")));
  EXPECT_CODE(Code::Format, "32", VersionReq::parse(many + ",1"));
}

TEST(VersionReq, matches_as_the_table_of_operators_says) {
  const std::pair<const char*, const char*> good[] = {
      {"=3.11", "3.11.7"}, {"=1", "1.9.9"},     {"=1.2.3", "1.2.3"},      {"=1.2.3", "1.2.3+cu118"},
      {">1.2", "1.3.0"},   {">1", "2.0.0"},     {">1.2.3", "1.2.4"},      {">=1.2", "1.2.0"},
      {">=1", "7.0.0"},    {"<1.2", "1.1.9"},   {"<2", "1.9.9"},          {"<=1.2", "1.2.99"},
      {"<=1", "1.99.0"},   {"~1.2.3", "1.2.9"}, {"~1.2", "1.2.0"},        {"~1", "1.9.0"},
      {"^1.2.3", "1.9.0"}, {"^1.2", "1.2.0"},   {"^1", "1.0.0"},          {"^0.2.3", "0.2.9"},
      {"^0.0.3", "0.0.3"}, {"^0.0", "0.0.9"},   {"^0", "0.9.0"},          {"1.2.*", "1.2.9"},
      {"1.*", "1.0.0"},    {"*", "0.0.0"},      {">=2.0, <2.6", "2.5.1"},
  };
  for (const auto& [requirement, version] : good)
    EXPECT_TRUE(matches(requirement, version)) << requirement << " " << version;
  const std::pair<const char*, const char*> bad[] = {
      {"=3.11", "3.12.0"}, {"=1", "2.0.0"},          {"=1.2.3", "1.2.4"}, {">1.2", "1.2.9"},
      {">1", "1.9.9"},     {">1.2.3", "1.2.3"},      {"<1.2", "1.2.0"},   {"<1", "1.0.0"},
      {"<=1.2", "1.3.0"},  {"~1.2.3", "1.3.0"},      {"~1.2.3", "1.2.2"}, {"~1.2", "1.3.0"},
      {"~1", "2.0.0"},     {"^1.2.3", "2.0.0"},      {"^1.2.3", "1.2.2"}, {"^0.2.3", "0.3.0"},
      {"^0.0.3", "0.0.4"}, {"^0.0", "0.1.0"},        {"^0", "1.0.0"},     {"1.2.*", "1.3.0"},
      {">=1,<1", "1.0.0"}, {">=2.0, <2.6", "2.6.0"},
  };
  for (const auto& [requirement, version] : bad)
    EXPECT_FALSE(matches(requirement, version)) << requirement << " " << version;
}

TEST(VersionReq, a_pre_release_needs_a_comparator_with_a_tag_and_the_same_numbers) {
  EXPECT_FALSE(matches("*", "1.0.0-alpha"));
  EXPECT_FALSE(matches(">=1.0.0", "2.0.0-rc.1"));
  EXPECT_TRUE(matches(">=1.2.3-alpha", "1.2.3-beta"));
  EXPECT_FALSE(matches(">=1.2.3-alpha", "2.0.0-alpha"));
  EXPECT_TRUE(matches(">=1.2.3-alpha", "2.0.0"));
  EXPECT_FALSE(matches("^1.2.3-beta", "1.2.3-alpha"));
  EXPECT_TRUE(matches("^1.2.3-beta", "1.2.3"));
  EXPECT_FALSE(matches("=1.2.3", "1.2.3-alpha"));
  EXPECT_TRUE(matches("~1.2.3-a, <1.2.4", "1.2.3-b"));
  EXPECT_TRUE(matches("<1.2.3-beta", "1.2.3-alpha"));
  EXPECT_TRUE(matches("^0.0.3-a", "0.0.3-b"));
}

}  // namespace
}  // namespace carton::format
