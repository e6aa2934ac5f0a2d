// Inference mode, gradients inside forward, evaluation mode, warnings.
#include "fixture.h"

namespace carton::torchscript {
namespace {

bool runs_in_inference_mode(runner::Model& model) {
  return infer(model, {floats("a", {1})}).at("inference").values<uint8_t>() == std::vector<uint8_t>{1};
}

TEST(Gradient, force_field_computes_forces_under_auto) {
  const auto model = load("force_field");
  for (int i = 0; i < 4; ++i) {  // the first calls are profiled, later ones run the optimised graph
    const auto outputs = infer(*model, {mapped_floats("positions", {1, 2})});
    EXPECT_EQ(outputs.at("energy").values<float>(), std::vector<float>{9});
    EXPECT_EQ(outputs.at("forces").values<float>(), (std::vector<float>{-3, -12}));
  }
}

TEST(Gradient, is_found_in_callees_loops_and_branches) {
  const auto model = load("hidden_gradient");
  EXPECT_EQ(infer(*model, {floats("a", {1, 2})}).at("y").values<float>(), std::vector<float>{12});
}

TEST(Gradient, model_that_needs_it_fails_with_an_error_when_inference_mode_is_forced_on) {
  const auto model = load("force_field", {{"inference_mode", "on"}});
  const Error error = error_of([&] { infer(*model, {floats("positions", {1, 2})}); });
  EXPECT_EQ(error.code(), Code::ModelError);
  EXPECT_NE(error.message().find("models.py"), std::string::npos) << error.message();
  EXPECT_NE(error.hint().find("inference_mode = \"off\""), std::string::npos) << error.message();
}

TEST(Gradient, inference_mode_follows_the_option) {
  for (const auto& [option, expected] : {std::pair{"auto", true}, {"on", true}, {"off", false}}) {
    const auto model = load("mode", {{"inference_mode", option}});
    EXPECT_EQ(runs_in_inference_mode(*model), expected);
  }
}

TEST(Gradient, no_grad_alone_does_not_end_inference_mode) {
  const auto model = load("no_grad");
  EXPECT_TRUE(runs_in_inference_mode(*model));
  EXPECT_EQ(infer(*model, {floats("a", {1, 2})}).at("y").values<float>(), (std::vector<float>{2, 4}));
}

TEST(Gradient, model_saved_in_training_mode_runs_in_evaluation_mode) {
  const auto model = load("mode");
  EXPECT_EQ(infer(*model, {floats("a", {1})}).at("training").values<uint8_t>(), std::vector<uint8_t>{0});
}

TEST(Gradient, warnings_of_the_model_are_logged) {
  const auto model = load("speaks");
  take_logs();
  infer(*model, {floats("a", {1})});
  const auto logs = take_logs();
  ASSERT_EQ(logs.size(), 1u);
  EXPECT_NE(logs[0].find("mind the gap"), std::string::npos) << logs[0];
}

TEST(Gradient, print_of_the_model_goes_to_standard_output) {
  const auto model = load("speaks");
  testing::internal::CaptureStdout();
  infer(*model, {floats("a", {1})});
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "hello from forward\n");
}

}  // namespace
}  // namespace carton::torchscript
