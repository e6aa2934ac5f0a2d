#include "fixture.h"

namespace carton::torchscript {
namespace {

bool never_writes(const std::string& name) { return load(name)->never_writes_inputs(); }

TEST(GraphFacts, models_without_a_writing_operator_never_write) {
  for (const char* name : {"example", "echo", "returns_twice", "no_grad", "traced", "hooked"}) {
    EXPECT_TRUE(never_writes(name)) << name;
  }
}

TEST(GraphFacts, batch_norm_over_the_models_own_statistics_does_not_count_as_a_write) {
  EXPECT_TRUE(never_writes("frozen"));
  EXPECT_TRUE(never_writes("traced_convolution"));
  EXPECT_FALSE(never_writes("convolution"));  // as scripted, it counts its batches in place
}

TEST(GraphFacts, batch_norm_that_updates_statistics_it_was_given_counts) {
  EXPECT_FALSE(never_writes("updates_given_statistics"));
}

TEST(GraphFacts, writes_of_every_kind_are_found) {
  for (const char* name : {"writes", "writes_element", "writes_out"})
    EXPECT_FALSE(never_writes(name)) << name;
}

TEST(GraphFacts, code_that_cannot_be_seen_gets_copies_and_so_never_writes) {
  const auto model = load("calls_interface");
  EXPECT_TRUE(model->never_writes_inputs());
  std::vector<TestInput> inputs{mapped_floats("a", {1})};
  EXPECT_EQ(infer(*model, inputs).at("y").values<float>(), std::vector<float>{2});
  EXPECT_EQ(inputs[0].values<float>()[0], 1);
}

TEST(GraphFacts, gradients_count_as_writing) {
  EXPECT_FALSE(never_writes("force_field"));
  EXPECT_FALSE(never_writes("hidden_gradient"));
}

TEST(GraphFacts, models_that_fork_get_copies_and_so_never_write) { EXPECT_TRUE(never_writes("forks")); }

}  // namespace
}  // namespace carton::torchscript
