#include "format/links.h"

#include "support/expect_code.h"

namespace carton::format {
namespace {

const std::string kHash(64, 'a');

Links with_url(const std::string& url) {
  return Links::parse("version = 1\n[urls]\n" + kHash + " = ['" + url + "']\n");
}

TEST(Links, maps_hashes_to_urls) {
  Links links = Links::parse("version = 1\nother = 2\n[urls]\n" + kHash +
                             " = ['https://a.example/x', 'HTTP://b.example:80/y?z']\n");
  EXPECT_EQ(links.urls.at(kHash).size(), 2u);
  EXPECT_TRUE(Links::parse("version = 1").urls.empty());
}

TEST(Links, other_schemes_and_credentials_are_against_policy) {
  for (const char* url :
       {"file:///etc/passwd", "ftp://a/x", "gopher://a/x", "data:,x", "a/x", "//a/x", "https:/a", "https://",
        "https://user:pw@a/x", "http://a@b/", "https://a b/", "https://a\\b"}) {
    EXPECT_CODE(Code::Policy, "LINKS", with_url(url));
  }
}

TEST(Links, malformed) {
  EXPECT_CODE(Code::Format, "`version` is missing", Links::parse(""));
  EXPECT_CODE(Code::Format, "sha256", Links::parse("version = 1\n[urls]\nabc = ['https://a/']\n"));
  EXPECT_CODE(Code::Format, "lists no URL", Links::parse("version = 1\n[urls]\n" + kHash + " = []\n"));
  EXPECT_CODE(Code::Format, "list of strings",
              Links::parse("version = 1\n[urls]\n" + kHash + " = 'https://a/'\n"));
}

TEST(Links, too_many_urls_for_one_hash_are_a_limit) {
  std::string list;
  for (int i = 0; i < 10'000; ++i) list += "'https://a.example/x',";
  EXPECT_CODE(Code::Limit, "number of URLs",
              Links::parse("version = 1\n[urls]\n" + kHash + " = [" + list + "]\n"));
}

}  // namespace
}  // namespace carton::format
