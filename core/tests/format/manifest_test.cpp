#include "format/manifest.h"

#include "support/expect_code.h"

namespace carton::format {
namespace {

const std::string kHash(64, 'a');

TEST(Manifest, reads_sorted_lines) {
  Manifest manifest =
      Manifest::parse("carton.toml=" + kHash + "\nmisc/a=b.txt=" + kHash + "\nmodel/x=" + kHash + "\n");
  ASSERT_EQ(manifest.entries.size(), 3u);
  EXPECT_EQ(manifest.entries[1].path, "misc/a=b.txt");  // split at the last `=`
  EXPECT_NE(manifest.find("model/x"), nullptr);
  EXPECT_EQ(manifest.find("model"), nullptr);
  EXPECT_TRUE(Manifest::parse("").entries.empty());
}

TEST(Manifest, sorts_by_bytes) {
  EXPECT_EQ(Manifest::parse("A=" + kHash + "\na=" + kHash + "\n\xc3\xa9=" + kHash + "\n").entries.size(), 3u);
}

TEST(Manifest, refuses_every_other_form_and_names_the_line) {
  const std::pair<std::string, const char*> cases[] = {
      {"a=" + kHash, "no line end"},
      {"a=" + kHash + "\r\n", "CR LF"},
      {"a=" + kHash + "\n\n", "line 2: expected `path=sha256`, got an empty line"},
      {"a\n", "line 1: expected `path=sha256`"},
      {"=" + kHash + "\n", "is empty"},
      {"a=" + std::string(64, 'A') + "\n", "lower-case"},
      {"a=" + std::string(63, 'a') + "\n", "64"},
      {"a=" + std::string(65, 'a') + "\n", "64"},
      {"a=" + std::string(64, 'g') + "\n", "hex"},
      {"a= " + kHash + "\n", "hex"},
      {"a=" + kHash + " \n", "hex"},
      {"b=" + kHash + "\na=" + kHash + "\n", "line 2: paths must be sorted"},
      {"a=" + kHash + "\na=" + kHash + "\n", "line 2: `a` is listed twice"},
      {"LINKS=" + kHash + "\n", "must not be listed"},
      {"MANIFEST=" + kHash + "\n", "must not be listed"},
      {"../x=" + kHash + "\n", "has the part `..`"},
      {"/x=" + kHash + "\n", "absolute"},
      {"a\\b=" + kHash + "\n", "backslash"},
  };
  for (const auto& [text, fragment] : cases) EXPECT_CODE(Code::Format, fragment, Manifest::parse(text));
}

TEST(Manifest, limits_are_checked_before_parsing) {
  Limits limits;
  limits.manifest_bytes = 10;
  EXPECT_CODE(Code::Limit, "MANIFEST", Manifest::parse("not a manifest at all", limits));
  limits = {};
  limits.entries = 1;
  EXPECT_CODE(Code::Limit, "lines", Manifest::parse("a=" + kHash + "\nb=" + kHash + "\n", limits));
}

TEST(Manifest, is_refused_wherever_it_is_cut_off_inside_a_line) {
  std::string whole = "a=" + kHash + "\nb=" + kHash + "\n";
  for (size_t cut = 1; cut < whole.size(); ++cut) {
    if (whole[cut - 1] == '\n') continue;
    EXPECT_CODE(Code::Format, "MANIFEST line", Manifest::parse(whole.substr(0, cut)));
  }
}

}  // namespace
}  // namespace carton::format
