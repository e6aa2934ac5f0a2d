#include "runner/select.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "format/semver.h"
#include "runner/pip_requirement.h"

namespace carton {
namespace {

InstalledRunner runner(const std::string& name, const std::string& version, int64_t released_us = 0,
                       const std::string& program = "") {
  InstalledRunner out;
  out.name = name;
  out.framework_version = version;
  out.compat_version = 1;
  out.interface_version = kInterfaceVersion;
  out.platform = host_platform();
  out.released_us = released_us;
  out.program = program.empty() ? "/runners/" + name + "-" + version + "/runner" : program;
  return out;
}

InstalledRunners installed(std::vector<InstalledRunner> runners) {
  return {"/runners", std::move(runners), {}};
}

RunnerRequirement torchscript(const std::string& requirement) { return {"torchscript", requirement, 1}; }

std::string chosen(const InstalledRunners& from, const RunnerRequirement& wanted) {
  return select_runner(from, wanted).program;
}

Error failure(const InstalledRunners& from, const RunnerRequirement& wanted) {
  try {
    select_runner(from, wanted);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(Code::Ok, "");
}

std::string reason(const InstalledRunner& only, const RunnerRequirement& wanted) {
  std::string message = failure(installed({only}), wanted).message();
  return message.substr(message.find("\n  ") + 3);
}

TEST(SelectRunner, runner_that_fits_is_chosen) {
  auto all =
      installed({runner("noop", "2.13.0"), runner("torchscript", "2.0.1"), runner("torchscript", "2.13.0")});
  EXPECT_EQ(chosen(all, torchscript("=2.13")), "/runners/torchscript-2.13.0/runner");
  EXPECT_EQ(chosen(all, torchscript("<2.1")), "/runners/torchscript-2.0.1/runner");
}

TEST(SelectRunner, compat_version_counts_only_when_asked_for) {
  InstalledRunner other = runner("torchscript", "2.13.0");
  other.compat_version = 2;
  EXPECT_EQ(reason(other, torchscript("=2.13")), "torchscript 2.13.0: it reads compat version 2, not 1");
  EXPECT_EQ(chosen(installed({other}), {"torchscript", "=2.13", std::nullopt}), other.program);
}

TEST(SelectRunner, newest_release_wins_and_not_the_newest_framework) {
  auto all = installed({runner("torchscript", "2.13.0", 100), runner("torchscript", "2.1.0", 200)});
  EXPECT_EQ(chosen(all, torchscript("^2")), "/runners/torchscript-2.1.0/runner");
}

TEST(SelectRunner, ties_go_to_the_higher_version_then_to_the_first_path_in_any_order) {
  std::vector<InstalledRunner> runners{
      runner("torchscript", "2.9.0", 5, "/z"), runner("torchscript", "2.13.0", 5, "/c"),
      runner("torchscript", "2.13.0", 5, "/b"), runner("torchscript", "2.10.0", 5, "/a")};
  std::sort(runners.begin(), runners.end(), [](auto& a, auto& b) { return a.program < b.program; });
  do {
    ASSERT_EQ(chosen(installed(runners), torchscript("^2")), "/b");
  } while (std::next_permutation(runners.begin(), runners.end(),
                                 [](auto& a, auto& b) { return a.program < b.program; }));
}

TEST(SelectRunner, far_future_release_date_is_only_the_newest) {
  auto all =
      installed({runner("torchscript", "2.13.0", 253402300799'999'999), runner("torchscript", "2.14.0", 1)});
  EXPECT_EQ(chosen(all, torchscript("^2")), "/runners/torchscript-2.13.0/runner");
}

TEST(SelectRunner, pre_release_is_chosen_only_when_asked_for) {
  auto all = installed({runner("torchscript", "2.13.0-rc.1")});
  EXPECT_EQ(failure(all, torchscript("*")).code(), Code::NoRunner);
  EXPECT_EQ(chosen(all, torchscript(">=2.13.0-rc.0")), all.runners[0].program);
}

TEST(SelectRunner, build_metadata_does_not_count) {
  EXPECT_NO_THROW(select_runner(installed({runner("torchscript", "2.13.0+cu118")}), torchscript("=2.13.0")));
}

TEST(SelectRunner, other_platform_is_told) {
  InstalledRunner other = runner("torchscript", "2.13.0");
  other.platform = "aarch64-apple-darwin";
  EXPECT_EQ(reason(other, torchscript("=2.13")),
            "torchscript 2.13.0: it is for aarch64-apple-darwin, and this is " + host_platform());
}

TEST(SelectRunner, other_interface_is_told) {
  InstalledRunner existing = runner("torchscript", "2.0.1");
  existing.interface_version = 1;
  EXPECT_EQ(reason(existing, torchscript("=2.0")),
            "torchscript 2.0.1: it speaks runner interface 1, and this library 2");
}

TEST(SelectRunner, runner_whose_libraries_are_gone_is_passed_over) {
  InstalledRunner broken = runner("torchscript", "2.13.0", 200);
  broken.library_dirs = {"/", "/no/such/torch/lib"};
  EXPECT_EQ(reason(broken, torchscript("=2.13")),
            "torchscript 2.13.0: the libraries it was built with are gone from `/no/such/torch/lib`");
  InstalledRunner older = runner("torchscript", "2.13.1", 100);
  EXPECT_EQ(chosen(installed({broken, older}), torchscript("=2.13")), older.program);
}

TEST(SelectRunner, failure_says_what_was_wanted_what_is_there_and_what_helps) {
  InstalledRunners all = installed({runner("noop", "1.0.0"), runner("torchscript", "2.0.1")});
  all.skipped.push_back({"/runners/bad/runner.toml", "FORMAT: broken"});
  Error error = failure(all, torchscript("=2.13"));
  EXPECT_EQ(error.code(), Code::NoRunner);
  EXPECT_EQ(error.message(), "no installed runner serves `torchscript` =2.13 with compat version 1 on " +
                                 host_platform() +
                                 "; installed in `/runners`:\n"
                                 "  noop 1.0.0: another runner\n"
                                 "  torchscript 2.0.1: its version is not within `=2.13`\n"
                                 "  `/runners/bad/runner.toml` was skipped: FORMAT: broken");
  EXPECT_EQ(
      error.hint(),
      "install a torch that fits, `pip install \"torch==2.13.*\"`, then build its runner, `carton runner "
      "build torchscript --torch PATH`, where PATH is the installed `torch` folder");
}

TEST(SelectRunner, failure_with_nothing_installed_says_so) {
  Error error = failure(installed({}), torchscript("=2.13"));
  EXPECT_NE(error.message().find("installed in `/runners`: none"), std::string::npos);
}

TEST(SelectRunner, failure_lists_at_most_twenty) {
  std::vector<InstalledRunner> many(50, runner("noop", "1.0.0"));
  EXPECT_NE(failure(installed(many), torchscript("=2.13")).message().find("\n  and 30 more"),
            std::string::npos);
}

TEST(SelectRunner, hint_for_another_runner_does_not_speak_of_torch) {
  Error error = failure(installed({}), {"acme/onnx", "^1", 1});
  EXPECT_EQ(error.hint().find("torch"), std::string::npos);
  EXPECT_NE(error.hint().find("`acme/onnx`"), std::string::npos);
  EXPECT_NE(error.hint().find("`/runners`"), std::string::npos);
}

TEST(SelectRunner, requirement_that_is_not_semver_is_invalid) {
  Error error = failure(installed({runner("torchscript", "2.13.0")}), torchscript("==2.13"));
  EXPECT_EQ(error.code(), Code::Invalid);
  EXPECT_NE(error.hint().find("=2.13"), std::string::npos);
}

TEST(HostPlatform, is_a_canonical_triple) {
  EXPECT_TRUE(host_platform() == "x86_64-unknown-linux-gnu" ||
              host_platform() == "aarch64-unknown-linux-gnu");
}

TEST(RunnersJson, lists_runners_and_what_was_skipped) {
  InstalledRunner other = runner("torchscript", "2.0.1");
  other.interface_version = 1;
  other.release_date = "2023-10-01T00:00:00Z";
  InstalledRunners all = installed({runner("noop", "1.0.0"), other});
  all.skipped.push_back({"/runners/bad", "FORMAT: broken"});
  auto json = nlohmann::json::parse(runners_json(all));
  EXPECT_EQ(json["runner_dir"], "/runners");
  ASSERT_EQ(json["runners"].size(), 2u);
  EXPECT_EQ(json["runners"][0]["name"], "noop");
  EXPECT_EQ(json["runners"][0]["usable"], true);
  EXPECT_EQ(json["runners"][0]["unusable_reason"], "");
  EXPECT_EQ(json["runners"][1],
            (nlohmann::json{{"name", "torchscript"},
                            {"framework_version", "2.0.1"},
                            {"compat", 1},
                            {"interface", 1},
                            {"release_date", "2023-10-01T00:00:00Z"},
                            {"platform", host_platform()},
                            {"path", "/runners/torchscript-2.0.1/runner"},
                            {"usable", false},
                            {"unusable_reason", "it speaks runner interface 1, and this library 2"}}));
  EXPECT_EQ(json["skipped"], (nlohmann::json{{{"path", "/runners/bad"}, {"reason", "FORMAT: broken"}}}));
}

TEST(RunnersJson, paths_of_any_bytes_give_valid_json) {
  InstalledRunners all{"/runners/\xff", {}, {}};
  EXPECT_EQ(nlohmann::json::parse(runners_json(all))["runners"], nlohmann::json::array());
}

TEST(PipRequirement, allows_the_same_versions) {
  const std::pair<const char*, const char*> table[] = {
      {"=2.13", "torch==2.13.*"},
      {"=2", "torch==2.*"},
      {"=2.13.0", "torch==2.13.0"},
      {"*", "torch"},
      {"^2.1", "torch>=2.1,<3"},
      {"2.1.3", "torch>=2.1.3,<3"},
      {"^2", "torch==2.*"},
      {"^0.2.3", "torch>=0.2.3,<0.3"},
      {"^0.2", "torch==0.2.*"},
      {"^0.0.3", "torch>=0.0.3,<0.0.4"},
      {"^0.0", "torch==0.0.*"},
      {"^0", "torch==0.*"},
      {"~2.1.3", "torch>=2.1.3,<2.2"},
      {"~2.1", "torch==2.1.*"},
      {"~2", "torch==2.*"},
      {">=2.1, <3", "torch>=2.1,<3"},
      {">2.1", "torch>=2.2"},
      {">2.1.3", "torch>2.1.3"},
      {"<=2.1", "torch<2.2"},
      {"<=2.1.3", "torch<=2.1.3"},
      {"2.1.*", "torch==2.1.*"},
      {"2.*", "torch==2.*"},
      {">=2.1.0-rc.1", "torch>=2.1.0-rc.1"},
  };
  for (const auto& [requirement, expected] : table) {
    EXPECT_EQ(pip_requirement("torch", format::VersionReq::parse(requirement)), expected) << requirement;
  }
}

}  // namespace
}  // namespace carton
