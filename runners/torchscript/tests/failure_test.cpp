#include "failure.h"

#include "fixture.h"

namespace carton::torchscript {
namespace {

TEST(Failure, exception_of_the_model_names_its_source_lines_only) {
  const auto model = load("raises");
  const Error error = error_of([&] { infer(*model, {floats("a", {1, 2}), floats("b", {1, 2, 3})}); });
  EXPECT_EQ(error.code(), Code::ModelError);
  const std::string& message = error.message();
  EXPECT_TRUE(
      message.starts_with("the model raised RuntimeError: inconsistent tensor size, expected tensor [2] "))
      << message;
  EXPECT_NE(message.find("in forward: return {\"y\": self.product(x[\"a\"], x[\"b\"])}"), std::string::npos)
      << message;
  EXPECT_NE(message.find("in forward: return a @ b"), std::string::npos) << message;
  EXPECT_NE(message.find("\n  models.py:"), std::string::npos) << message;
  for (const char* noise :
       {"code/__torch__", "interpreter", "Exception raised from", "<--- HERE", "frame #"}) {
    EXPECT_EQ(message.find(noise), std::string::npos) << message;
  }
}

TEST(Failure, raised_exception_keeps_its_class_and_all_lines_of_its_message) {
  const auto model = load("raises");
  const Error error = error_of([&] { infer(*model, {floats("a", {1})}); });
  EXPECT_TRUE(error.message().starts_with("the model raised ValueError: only one\nelement\n  models.py:"))
      << error.message();
}

TEST(Failure, missing_key_is_named) {
  const auto model = load("raises");
  const Error error = error_of([&] { infer(*model, {floats("a", {1, 2})}); });
  EXPECT_EQ(error.code(), Code::ModelError);
  EXPECT_NE(error.message().find("KeyError: b"), std::string::npos) << error.message();
}

TEST(Failure, too_large_an_allocation_is_the_models_error) {
  const auto model = load("raises");
  const Error error = error_of([&] { infer(*model, {floats("a", {1, 2, 3, 4, 5, 6, 7})}); });
  EXPECT_EQ(error.code(), Code::ModelError);
  EXPECT_NE(error.message().find("can't allocate memory"), std::string::npos) << error.message();
}

TEST(Failure, model_works_after_each_failure) {
  const auto model = load("raises");
  for (int i = 0; i < 20; ++i) {
    error_of([&] { infer(*model, {floats("a", {1})}); });
    error_of([&] { infer(*model, {floats("a", {1, 2})}); });
    EXPECT_EQ(infer(*model, {floats("a", {1, 2}), floats("b", {3, 4})}).at("y").values<float>(),
              std::vector<float>{11});
  }
}

TEST(Failure, text_without_a_traceback_is_kept) {
  EXPECT_EQ(summarize_failure("plain words"), "plain words");
  EXPECT_EQ(summarize_failure("plain words\nException raised from f at x.cpp:3\nframe #0: g"), "plain words");
  EXPECT_EQ(summarize_failure(""), "");
}

TEST(Failure, traceback_of_serialized_code_serves_when_there_is_no_other) {
  EXPECT_EQ(summarize_failure("The following operation failed in the TorchScript interpreter.\n"
                              "Traceback of TorchScript (most recent call last):\n"
                              "  File \"/home/someone/net.py\", line 4, in forward\n"
                              "    x = 1\n"
                              "    return a + b\n"
                              "           ~~~~~ <--- HERE\n"
                              "RuntimeError: sizes differ\n"),
            "RuntimeError: sizes differ\n  net.py:4, in forward: return a + b");
}

TEST(Failure, malformed_tracebacks_do_not_break_the_summary) {
  const std::string head = "The following operation failed in the TorchScript interpreter.\n";
  for (const char* rest : {"", "\n\n", "  File \"", "  File \"x", "  File \"x\"", "~~~ <--- HERE",
                           "  File \"x\", line \n~~~\n"}) {
    EXPECT_NO_THROW(summarize_failure(head + rest)) << rest;
  }
}

TEST(Failure, terminal_escapes_of_a_model_do_not_reach_the_message) {
  EXPECT_EQ(summarize_failure("red \x1b[31malert").find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace carton::torchscript
