#include "runner/discovery.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "fake_runner.h"

namespace carton {
namespace {

namespace fs = std::filesystem;

// The text of a runner.toml with one runner; each field can be replaced, or left out by "".
std::string runner_toml(std::map<std::string, std::string> changes = {}) {
  std::map<std::string, std::string> fields{{"runner_name", "'torchscript'"},
                                            {"framework_version", "'2.13.0'"},
                                            {"runner_compat_version", "1"},
                                            {"runner_interface_version", "2"},
                                            {"runner_release_date", "'2024-05-01T12:00:00Z'"},
                                            {"runner_path", "'./runner'"},
                                            {"platform", "'x86_64-unknown-linux-gnu'"}};
  for (auto& [key, value] : changes) fields[key] = value;
  std::string out = "version = 1\n[[runner]]\n";
  for (auto& [key, value] : fields) {
    if (!value.empty()) out += key + " = " + value + "\n";
  }
  return out;
}

class DiscoveryTest : public ::testing::Test {
 protected:
  InstalledRunners discover() { return discover_runners(dir_.path()); }

  // The one reason for which the runner.toml of `content` is skipped.
  std::string reason_for(const std::string& content) {
    dir_.write("a/runner.toml", content);
    InstalledRunners found = discover();
    EXPECT_TRUE(found.runners.empty());
    EXPECT_EQ(found.skipped.size(), 1u);
    if (found.skipped.size() != 1) return "";
    EXPECT_EQ(found.skipped[0].path, dir_ / "a/runner.toml");
    return found.skipped[0].reason;
  }
  std::string reason_for_field(const std::string& key, const std::string& value) {
    return reason_for(runner_toml({{key, value}}));
  }

  fake::TempFolder dir_;
};

TEST_F(DiscoveryTest, all_fields_are_read) {
  dir_.write("a/runner.toml",
             runner_toml({{"library_dirs", "['/opt/torch/lib', 'lib']"}}) + "colour = 'red'\n");
  InstalledRunners found = discover();
  EXPECT_EQ(found.runner_dir, dir_.path());
  EXPECT_TRUE(found.skipped.empty());
  ASSERT_EQ(found.runners.size(), 1u);
  const InstalledRunner& runner = found.runners[0];
  EXPECT_EQ(runner.name, "torchscript");
  EXPECT_EQ(runner.framework_version, "2.13.0");
  EXPECT_EQ(runner.compat_version, 1u);
  EXPECT_EQ(runner.interface_version, 2u);
  EXPECT_EQ(runner.release_date, "2024-05-01T12:00:00Z");
  EXPECT_EQ(runner.released_us, 1714564800'000'000);
  EXPECT_EQ(runner.platform, "x86_64-unknown-linux-gnu");
  EXPECT_EQ(runner.program, dir_ / "a/runner");
  EXPECT_EQ(runner.directory, dir_ / "a");
  EXPECT_EQ(runner.library_dirs, (std::vector<std::string>{"/opt/torch/lib", dir_ / "a/lib"}));
}

TEST_F(DiscoveryTest, folder_that_does_not_exist_holds_nothing) {
  InstalledRunners found = discover_runners(dir_ / "absent");
  EXPECT_TRUE(found.runners.empty());
  EXPECT_TRUE(found.skipped.empty());
}

TEST_F(DiscoveryTest, file_in_place_of_the_folder_is_reported) {
  InstalledRunners found = discover_runners(dir_.write("file", "") + "/runners");
  ASSERT_EQ(found.skipped.size(), 1u);
  EXPECT_EQ(found.skipped[0].reason, "IO: Not a directory");
  EXPECT_EQ(discover_runners(dir_ / "file").skipped.size(), 1u);
}

TEST_F(DiscoveryTest, installations_are_found_at_any_depth_and_in_order) {
  dir_.write("z/runner.toml", runner_toml());
  dir_.write("a/b/c/runner.toml", runner_toml());
  InstalledRunners found = discover();
  ASSERT_EQ(found.runners.size(), 2u);
  EXPECT_EQ(found.runners[0].program, dir_ / "a/b/c/runner");
  EXPECT_EQ(found.runners[1].program, dir_ / "z/runner");
  EXPECT_TRUE(found.skipped.empty());
}

TEST_F(DiscoveryTest, runner_dir_may_itself_be_an_installation) {
  dir_.write("runner.toml", runner_toml());
  EXPECT_EQ(discover().runners.size(), 1u);
}

TEST_F(DiscoveryTest, nothing_is_looked_for_below_a_runner_toml) {
  dir_.write("a/runner.toml", runner_toml());
  dir_.write("a/inner/runner.toml", runner_toml());
  EXPECT_EQ(discover().runners.size(), 1u);
}

TEST_F(DiscoveryTest, installations_under_way_are_left_out) {
  dir_.write(".tmp123/runner.toml", runner_toml());
  dir_.write("a/.tmpX/runner.toml", "broken");
  dir_.write("a/b/runner.toml", runner_toml());
  InstalledRunners found = discover();
  EXPECT_EQ(found.runners.size(), 1u);
  EXPECT_TRUE(found.skipped.empty());
}

TEST_F(DiscoveryTest, links_to_folders_are_followed_and_loops_end) {
  fake::TempFolder elsewhere;
  elsewhere.write("real/runner.toml", runner_toml());
  fs::create_directories(dir_ / "a/b");
  fs::create_symlink(elsewhere / "real", dir_ / "linked");
  fs::create_symlink(dir_.path(), dir_ / "a/b/up");
  fs::create_symlink(dir_ / "a/b/self", dir_ / "a/b/self");
  fs::create_symlink("nowhere", dir_ / "dangling");
  InstalledRunners found = discover();
  ASSERT_EQ(found.runners.size(), 1u);
  EXPECT_EQ(found.runners[0].program, elsewhere / "real/runner");
}

TEST_F(DiscoveryTest, installation_that_is_linked_twice_is_found_once) {
  dir_.write("a/runner.toml", runner_toml());
  fs::create_symlink(dir_ / "a", dir_ / "b");
  EXPECT_EQ(discover().runners.size(), 1u);
}

TEST_F(DiscoveryTest, folder_without_runner_toml_is_named) {
  dir_.write("half/bin/runner", "");
  InstalledRunners found = discover();
  ASSERT_EQ(found.skipped.size(), 1u);
  EXPECT_EQ(found.skipped[0].path, dir_ / "half");
  EXPECT_EQ(found.skipped[0].reason, "FORMAT: no runner.toml in this folder or below it");
}

TEST_F(DiscoveryTest, very_deep_folders_are_a_limit) {
  std::string deep = dir_.path();
  for (int i = 0; i < 30; ++i) deep += "/d";
  fs::create_directories(deep);
  InstalledRunners found = discover();
  ASSERT_EQ(found.skipped.size(), 1u);
  EXPECT_EQ(found.skipped[0].reason.rfind("LIMIT: ", 0), 0u);
}

TEST_F(DiscoveryTest, one_bad_installation_does_not_hide_a_good_one) {
  dir_.write("bad/runner.toml", "[[");
  dir_.write("good/runner.toml", runner_toml());
  InstalledRunners found = discover();
  EXPECT_EQ(found.runners.size(), 1u);
  EXPECT_EQ(found.skipped.size(), 1u);
}

TEST_F(DiscoveryTest, one_bad_entry_does_not_hide_the_other_entries_of_its_file) {
  std::string two =
      runner_toml({{"platform", ""}}) + runner_toml().substr(std::string("version = 1\n").size());
  dir_.write("a/runner.toml", two);
  InstalledRunners found = discover();
  EXPECT_EQ(found.runners.size(), 1u);
  ASSERT_EQ(found.skipped.size(), 1u);
  EXPECT_EQ(found.skipped[0].reason,
            "FORMAT: runner.toml: `runner[0].platform` is missing, expected a string");
}

TEST_F(DiscoveryTest, every_field_is_required) {
  for (const char* key : {"runner_name", "framework_version", "runner_compat_version",
                          "runner_interface_version", "runner_release_date", "runner_path", "platform"}) {
    EXPECT_NE(reason_for_field(key, "").find("`runner[0]." + std::string(key) + "` is missing"),
              std::string::npos)
        << key;
  }
  EXPECT_NE(reason_for("[[runner]]\n").find("`version` is missing"), std::string::npos);
  EXPECT_NE(reason_for("version = 1\n").find("`runner` is missing"), std::string::npos);
  EXPECT_NE(reason_for("").find("FORMAT: "), std::string::npos);
}

TEST_F(DiscoveryTest, wrong_types_are_named_with_their_line) {
  EXPECT_EQ(reason_for("version = 1\n[[runner]]\nrunner_name = 3\n"),
            "FORMAT: runner.toml: `runner[0].runner_name` expected a string, got an integer (line 3)");
  EXPECT_NE(reason_for_field("runner_compat_version", "'1'").find("got a string"), std::string::npos);
  EXPECT_NE(reason_for_field("runner_compat_version", "-1").find("got -1"), std::string::npos);
  EXPECT_NE(reason_for_field("library_dirs", "'/lib'").find("got a string"), std::string::npos);
  EXPECT_NE(reason_for("version = 1\nrunner = 3\n").find("got an integer"), std::string::npos);
}

TEST_F(DiscoveryTest, malformed_toml_is_named_with_its_line) {
  EXPECT_EQ(reason_for("version = 1\nnot toml\n").rfind("FORMAT: runner.toml line 2", 0), 0u);
  EXPECT_EQ(reason_for("version = 1\nversion = 2\n").rfind("FORMAT: runner.toml line 2", 0), 0u)
      << "duplicate";
}

TEST_F(DiscoveryTest, large_and_deep_files_are_limits) {
  EXPECT_EQ(reason_for(std::string((1 << 20) + 1, '#')).rfind("LIMIT: ", 0), 0u);
  EXPECT_EQ(reason_for("a = " + std::string(100'000, '[')).rfind("LIMIT: ", 0), 0u);
}

TEST_F(DiscoveryTest, framework_version_must_be_a_full_version) {
  for (const char* bad : {"'2.13'", "'v2.13.0'", "''", "'2.13.0 '", "'1!2.0.0'"}) {
    EXPECT_NE(reason_for_field("framework_version", bad).find("is not a full version such as 2.13.0"),
              std::string::npos)
        << bad;
  }
  dir_.write("a/runner.toml", runner_toml({{"framework_version", "'2.1.0-rc.1+cu118'"}}));
  EXPECT_EQ(discover().runners.size(), 1u);
}

TEST_F(DiscoveryTest, release_date_must_be_a_date_and_time_with_offset) {
  for (const char* bad : {"'2024-05-01'", "'2024-05-01T12:00:00'", "'2024-13-01T12:00:00Z'", "'yesterday'",
                          "''", "'2024-05-01T12:00:00Z\\nx = 1'", "\"2024-05-01T12:00:00Z\\n\\n\\u0000\""}) {
    EXPECT_NE(reason_for_field("runner_release_date", bad).find("expected a date and time as in"),
              std::string::npos)
        << bad;
  }
  EXPECT_NE(reason_for_field("runner_release_date", "2024-05-01T12:00:00Z").find("expected a string"),
            std::string::npos);
}

TEST_F(DiscoveryTest, release_dates_are_instants) {
  auto instant = [&](const std::string& date) {
    dir_.write("a/runner.toml", runner_toml({{"runner_release_date", "'" + date + "'"}}));
    return discover().runners.at(0).released_us;
  };
  EXPECT_EQ(instant("1970-01-01T00:00:01Z"), 1'000'000);
  EXPECT_EQ(instant("1970-01-01T02:00:00.5+02:00"), 500'000);
  EXPECT_EQ(instant("1969-12-31 19:00:00-05:00"), 0);
  EXPECT_EQ(instant("9999-12-31T23:59:59.999999Z"), 253402300799'999'999);
}

TEST_F(DiscoveryTest, program_outside_its_folder_is_refused) {
  for (const char* bad : {"'../runner'", "'/bin/sh'", "'a/../../runner'", "'..'", "'.'", "'./'", "'x/..'"}) {
    EXPECT_NE(reason_for_field("runner_path", bad).find("expected a file in the folder of runner.toml"),
              std::string::npos)
        << bad;
  }
  EXPECT_NE(
      reason_for_field("runner_path", "'" + dir_.path() + "/a-other/runner'").find("expected a file in"),
      std::string::npos);
  EXPECT_NE(reason_for_field("runner_path", "''").find("expected a path"), std::string::npos);
  EXPECT_NE(reason_for_field("runner_path", "\"run\\u0000ner\"").find("expected a path"), std::string::npos);
}

TEST_F(DiscoveryTest, program_that_is_a_symlink_or_behind_one_is_refused) {
  dir_.write("a/real", "");
  fs::create_symlink("real", dir_ / "a/runner");
  fs::create_symlink("/bin", dir_ / "a/bin");
  EXPECT_NE(reason_for(runner_toml()).find("expected a file, got a symlink at `" + (dir_ / "a/runner")),
            std::string::npos);
  EXPECT_NE(reason_for_field("runner_path", "'bin/sh'").find("got a symlink"), std::string::npos);
}

TEST_F(DiscoveryTest, absolute_program_within_its_folder_is_fine) {
  dir_.write("a/runner.toml", runner_toml({{"runner_path", "'" + (dir_ / "a/bin/../runner") + "'"}}));
  ASSERT_EQ(discover().runners.size(), 1u);
  EXPECT_EQ(discover().runners[0].program, dir_ / "a/runner");
}

TEST_F(DiscoveryTest, absolute_program_is_fine_when_the_runner_dir_is_reached_by_a_link) {
  fake::TempFolder links;
  fs::create_symlink(dir_.path(), links / "runners");
  dir_.write("a/runner.toml", runner_toml({{"runner_path", "'" + (links / "runners/a/runner") + "'"}}));
  EXPECT_EQ(discover_runners(links / "runners").runners.size(), 1u);
}

TEST_F(DiscoveryTest, program_need_not_exist_or_be_executable_to_be_listed) {
  dir_.write("a/runner.toml", runner_toml());
  dir_.write("b/runner.toml", runner_toml());
  dir_.write("b/runner", "not a program", 0644);
  EXPECT_EQ(discover().runners.size(), 2u);
}

TEST_F(DiscoveryTest, runner_toml_that_is_no_file_is_skipped_without_a_hang) {
  fs::create_directories(dir_ / "a/runner.toml");
  fs::create_directories(dir_ / "b");
  ASSERT_EQ(::mkfifo((dir_ / "b/runner.toml").c_str(), 0600), 0);
  fs::create_directories(dir_ / "c");
  fs::create_symlink("nowhere", dir_ / "c/runner.toml");
  InstalledRunners found = discover();
  ASSERT_EQ(found.skipped.size(), 3u);
  for (const SkippedPath& skipped : found.skipped) EXPECT_EQ(skipped.reason.rfind("IO: ", 0), 0u);
}

TEST_F(DiscoveryTest, reasons_are_printable) {
  std::string reason = reason_for_field("runner_path", "\"../\\u001B[2Jevil\\n\"");
  EXPECT_EQ(reason.find('\x1b'), std::string::npos);
  EXPECT_EQ(reason.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace carton
