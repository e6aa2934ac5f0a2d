#include <carton/carton.hpp>
#include <string>
#include <type_traits>

#include "support.h"

namespace {

using carton::Code;
using carton::Info;
using carton::testing::expect_error;

class InfoTest : public carton::testing::NoLeaks {};

TEST_F(InfoTest, json_holds_name_specs_and_runner) {
  const std::string json = Info::open(carton::testing::typed_carton).json();
  for (const char* part : {"typed", "float32", "noop"}) EXPECT_NE(json.find(part), std::string::npos) << json;
}

TEST_F(InfoTest, manifest_hash_has_64_digits) {
  const std::string hash = Info::open(carton::testing::echo_carton).manifest_sha256();
  EXPECT_EQ(hash.size(), 64u);
  EXPECT_EQ(hash.find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST_F(InfoTest, read_returns_slices_and_then_nothing) {
  const Info info = Info::open(carton::testing::echo_carton);
  char buffer[8] = {};
  EXPECT_EQ(info.read("model/note.txt", 4, buffer, sizeof buffer - 1), 7u);
  EXPECT_STREQ(buffer, "runners");
  EXPECT_EQ(info.read("model/note.txt", 1 << 20, buffer, sizeof buffer), 0u);
  expect_error(Code::Invalid, "no/such", [&] { info.read("no/such", 0, buffer, sizeof buffer); });
}

TEST_F(InfoTest, verify_reports_every_file_as_sound) {
  const std::string report = Info::open(carton::testing::echo_carton).verify();
  EXPECT_NE(report.find("model/note.txt"), std::string::npos) << report;
  EXPECT_EQ(report.find("\"ok\":false"), std::string::npos) << report;
}

TEST_F(InfoTest, missing_carton_is_named) {
  expect_error(Code::Io, "no/such.carton", [] { Info::open("no/such.carton"); });
}

using ErrorTest = carton::testing::NoLeaks;
static_assert(std::is_nothrow_copy_constructible_v<carton::Error>);

TEST_F(ErrorTest, what_shows_code_message_hint_and_log) {
  const carton::Error error(Code::RunnerCrashed, "signal 11", "look there", "oops");
  EXPECT_STREQ(error.what(), "RUNNER_CRASHED: signal 11\nhint: look there\nlast lines of the runner:\noops");
  EXPECT_STREQ(carton::Error(Code::Io, "gone").what(), "IO: gone");
}

}  // namespace
