#include "runner/config.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <optional>

#include "base/error.h"
#include "fake_runner.h"

namespace carton {
namespace {

// A home of its own and no Carton variables; the environment is put back afterwards.
class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    for (const char* name :
         {"HOME", "CARTON_CONFIG_PATH", "CARTON_RUNNER_DIR", "CARTON_RUNNER_DATA_DIR", "CARTON_CACHE_DIR"}) {
      const char* value = ::getenv(name);
      saved_[name] = value != nullptr ? std::optional<std::string>(value) : std::nullopt;
      ::unsetenv(name);
    }
    set("HOME", home_.path());
  }
  ~ConfigTest() override {
    for (const auto& [name, value] : saved_) {
      value ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str());
    }
  }

  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }
  std::string write_config(const std::string& content) { return home_.write(".carton/config.toml", content); }

  static Error failure() {
    try {
      load_config();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return Error(Code::Ok, "");
  }

  fake::TempFolder home_;

 private:
  std::map<std::string, std::optional<std::string>> saved_;
};

TEST_F(ConfigTest, defaults_lie_below_home) {
  Config config = load_config();
  EXPECT_EQ(config.runner_dir, home_ / ".carton/runners");
  EXPECT_EQ(config.runner_data_dir, home_ / ".carton/runner_data");
  EXPECT_EQ(config.cache_dir, home_ / ".carton/cache");
}

TEST_F(ConfigTest, home_comes_from_the_user_database_when_unset_or_empty) {
  const passwd* entry = ::getpwuid(::getuid());
  ASSERT_NE(entry, nullptr);
  std::string expected = std::string(entry->pw_dir) + "/.carton/cache";
  set("CARTON_CONFIG_PATH", write_config(""));  // not whatever this user has at home
  ::unsetenv("HOME");
  EXPECT_EQ(load_config().cache_dir, expected);
  set("HOME", "");
  EXPECT_EQ(load_config().cache_dir, expected);
}

TEST_F(ConfigTest, environment_wins_over_the_file_and_the_file_over_the_default) {
  write_config("runner_dir = '/file/runners'\ncache_dir = '/file/cache'\n");
  set("CARTON_RUNNER_DIR", "/env/runners");
  Config config = load_config();
  EXPECT_EQ(config.runner_dir, "/env/runners");
  EXPECT_EQ(config.cache_dir, "/file/cache");
  EXPECT_EQ(config.runner_data_dir, home_ / ".carton/runner_data");
}

TEST_F(ConfigTest, empty_variables_count_as_unset) {
  set("CARTON_RUNNER_DIR", "");
  set("CARTON_CONFIG_PATH", "");
  EXPECT_EQ(load_config().runner_dir, home_ / ".carton/runners");
}

TEST_F(ConfigTest, tilde_is_home_in_the_environment) {
  set("CARTON_RUNNER_DIR", "~/mine");
  set("CARTON_CACHE_DIR", "~");
  EXPECT_EQ(load_config().runner_dir, home_ / "mine");
  EXPECT_EQ(load_config().cache_dir, home_.path());
  home_.write("elsewhere.toml", "runner_data_dir = '/data'");
  set("CARTON_CONFIG_PATH", "~/elsewhere.toml");
  EXPECT_EQ(load_config().runner_data_dir, "/data");
}

TEST_F(ConfigTest, tilde_inside_a_name_is_a_letter) {
  set("CARTON_RUNNER_DIR", "/a/~/b");
  EXPECT_EQ(load_config().runner_dir, "/a/~/b");
  set("CARTON_RUNNER_DIR", "~other/b");
  EXPECT_EQ(load_config().runner_dir, (std::filesystem::current_path() / "~other/b").string());
}

TEST_F(ConfigTest, tilde_in_the_file_is_taken_literally_as_in_existing_carton) {
  write_config("runner_dir = '~/x'\n");
  EXPECT_EQ(load_config().runner_dir, (std::filesystem::current_path() / "~/x").string());
}

TEST_F(ConfigTest, paths_become_absolute_and_normal) {
  set("CARTON_RUNNER_DIR", "some/../runners//");
  set("CARTON_CACHE_DIR", "/");
  EXPECT_EQ(load_config().runner_dir, (std::filesystem::current_path() / "runners").string());
  EXPECT_EQ(load_config().cache_dir, "/");
}

TEST_F(ConfigTest, unknown_keys_and_tables_are_ignored) {
  write_config("colour = 'red'\n[serve]\nport = 1\n");
  EXPECT_EQ(load_config().runner_dir, home_ / ".carton/runners");
}

TEST_F(ConfigTest, file_is_read_afresh_each_time) {
  write_config("runner_dir = '/one'");
  EXPECT_EQ(load_config().runner_dir, "/one");
  write_config("runner_dir = '/two'");
  EXPECT_EQ(load_config().runner_dir, "/two");
}

TEST_F(ConfigTest, broken_file_is_named_with_its_line) {
  std::string path = write_config("cache_dir = '/c'\nrunner_dir = oops\n");
  Error error = failure();
  EXPECT_EQ(error.code(), Code::Invalid);
  EXPECT_NE(error.message().find(path + " line 2"), std::string::npos) << error.message();
  EXPECT_EQ(error.hint(), "correct or remove the file");
}

TEST_F(ConfigTest, value_that_is_no_string_is_named_with_its_line_even_when_the_environment_wins) {
  std::string path = write_config("\nrunner_dir = 7\n");
  set("CARTON_RUNNER_DIR", "/env");
  Error error = failure();
  EXPECT_EQ(error.code(), Code::Invalid);
  EXPECT_EQ(error.message(), path + ": `runner_dir` expected a string, got an integer (line 2)");
}

TEST_F(ConfigTest, value_that_is_no_path_is_refused) {
  write_config("runner_dir = ''\n");
  EXPECT_NE(failure().message().find("`runner_dir` expected a path, got ``"), std::string::npos);
  write_config("runner_dir = \"/a\\u0000b\"\n");
  EXPECT_NE(failure().message().find("expected a path, got `/a\\x00b` (line 1)"), std::string::npos);
}

TEST_F(ConfigTest, duplicate_key_is_an_error) {
  write_config("runner_dir = '/a'\nrunner_dir = '/b'\n");
  EXPECT_EQ(failure().code(), Code::Invalid);
}

TEST_F(ConfigTest, missing_file_is_an_error_only_when_it_was_asked_for) {
  set("CARTON_CONFIG_PATH", home_ / "absent.toml");
  Error error = failure();
  EXPECT_EQ(error.code(), Code::Io);
  EXPECT_NE(error.message().find(home_ / "absent.toml"), std::string::npos);
  EXPECT_NE(error.hint().find("CARTON_CONFIG_PATH"), std::string::npos);
}

TEST_F(ConfigTest, file_that_is_a_folder_or_a_fifo_is_an_error_and_no_hang) {
  std::filesystem::create_directories(home_ / ".carton/config.toml");
  EXPECT_EQ(failure().code(), Code::Io);
  ASSERT_EQ(::mkfifo((home_ / "fifo").c_str(), 0600), 0);
  set("CARTON_CONFIG_PATH", home_ / "fifo");
  EXPECT_EQ(failure().code(), Code::Io);
}

TEST_F(ConfigTest, file_over_a_mebibyte_is_a_limit) {
  write_config(std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(failure().code(), Code::Limit);
}

}  // namespace
}  // namespace carton
