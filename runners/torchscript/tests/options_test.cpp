#include "options.h"

#include "fixture.h"

namespace carton::torchscript {
namespace {

Error option_error(const std::string& name, runner::OptionValue value) {
  return error_of([&] { parse_options({{name, std::move(value)}}); });
}

TEST(Options, defaults_leave_threads_to_libtorch) {
  const Options options = parse_options({});
  EXPECT_FALSE(options.num_threads);
  EXPECT_EQ(options.num_interop_threads, 1);
  EXPECT_EQ(options.inference_mode, InferenceMode::Auto);
}

TEST(Options, all_are_read) {
  const Options options = parse_options(
      {{"num_threads", int64_t{3}}, {"num_interop_threads", int64_t{2}}, {"inference_mode", "off"}});
  EXPECT_EQ(options.num_threads, 3);
  EXPECT_EQ(options.num_interop_threads, 2);
  EXPECT_EQ(options.inference_mode, InferenceMode::Off);
}

TEST(Options, thread_counts_of_a_wrong_type_or_range_are_refused) {
  const std::vector<runner::OptionValue> bad = {int64_t{0}, int64_t{-4}, int64_t{1'000'000'000},
                                                4.0,        true,        "4"};
  for (const auto& value : bad) {
    for (const char* name : {"num_threads", "num_interop_threads"}) {
      const Error error = option_error(name, value);
      EXPECT_EQ(error.code(), Code::Invalid);
      EXPECT_NE(error.message().find(name), std::string::npos) << error.message();
      EXPECT_NE(error.message().find("expected an integer from 1 to 1024"), std::string::npos)
          << error.message();
    }
  }
}

TEST(Options, inference_mode_of_a_wrong_type_or_value_is_refused) {
  for (const runner::OptionValue& value : std::vector<runner::OptionValue>{"On", "", int64_t{1}, true, 1.0}) {
    const Error error = option_error("inference_mode", value);
    EXPECT_EQ(error.code(), Code::Invalid);
    EXPECT_NE(error.message().find("expected `auto`, `on` or `off`"), std::string::npos) << error.message();
  }
}

TEST(Options, unknown_ones_warn_and_are_ignored) {
  take_logs();
  EXPECT_NO_THROW(parse_options({{"num_treads", int64_t{2}}}));
  const auto logs = take_logs();
  ASSERT_EQ(logs.size(), 1u);
  EXPECT_NE(logs[0].find("`num_treads`"), std::string::npos) << logs[0];
}

}  // namespace
}  // namespace carton::torchscript
