// A model may write to its inputs, keep them, and return them; no other request may notice.

#include <algorithm>

#include "fixture.h"

namespace carton::torchscript {
namespace {

using Floats = std::vector<float>;

// What the SDK does with a mapped block between requests: its bytes become those of the next one.
void reuse(std::vector<TestInput>& inputs, float value) {
  for (TestInput& input : inputs) {
    for (size_t i = 0; i < input.bytes.size() / sizeof(float); ++i) input.values<float>()[i] = value;
  }
}

TEST(Memory, write_in_any_way_stays_in_a_small_input_s_copy) {
  const auto model = load("writes");
  for (const char* how : {"view", "element", "items", "list", "attribute"}) {
    std::vector<TestInput> inputs{floats("a", {1, 2, 3}), a_string("how", how)};
    const Floats seen = infer(*model, inputs).at("y").values<float>();
    EXPECT_EQ(seen, how == std::string("view") ? (Floats{1, 3, 4}) : (Floats{2, 3, 4})) << how;
    EXPECT_EQ(inputs[0].values<float>()[2], 3) << how;
  }
}

TEST(Memory, write_in_any_way_to_a_mapped_input_is_announced_by_never_writes_inputs) {
  const auto model = load("writes");
  EXPECT_FALSE(model->never_writes_inputs());
  for (const char* how : {"view", "element", "items", "list", "attribute"}) {
    std::vector<TestInput> inputs{mapped_floats("a", {1, 2, 3}), a_string("how", how)};
    infer(*model, inputs);
    EXPECT_EQ(inputs[0].values<float>()[2], 4) << how;  // in place: the SDK drops these pages
  }
}

TEST(Memory, model_that_keeps_its_input_keeps_that_request_s_values) {
  for (const bool mapped : {false, true}) {
    const auto model = load("keeps");
    std::vector<TestInput> inputs{floats("a", {1, 2, 3, 4})};
    inputs[0].mapped = mapped;
    infer(*model, inputs);
    reuse(inputs, 99);
    const auto outputs = infer(*model, inputs);
    EXPECT_EQ(outputs.at("last").values<float>(), (Floats{1, 2, 3, 4})) << mapped;
    EXPECT_EQ(outputs.at("view").values<float>(), (Floats{2, 3, 4})) << mapped;
    EXPECT_EQ(outputs.at("item").values<float>(), (Floats{3, 4})) << mapped;
    EXPECT_EQ(outputs.at("named").values<float>(), (Floats{4})) << mapped;
    reuse(inputs, 7);
    EXPECT_EQ(infer(*model, inputs).at("last").values<float>(), (Floats{99, 99, 99, 99})) << mapped;
  }
}

TEST(Memory, kept_input_survives_the_block_it_came_in) {
  const auto model = load("keeps");
  infer(*model, {mapped_floats("a", {1, 2, 3, 4})});  // whose memory is freed here
  EXPECT_EQ(infer(*model, {mapped_floats("a", {9, 9, 9, 9})}).at("last").values<float>(),
            (Floats{1, 2, 3, 4}));
}

TEST(Memory, input_kept_by_a_call_that_raised_keeps_its_values_too) {
  const auto model = load("keeps_then_raises");
  std::vector<TestInput> inputs{mapped_floats("a", {1, 2})};
  EXPECT_EQ(error_of([&] { infer(*model, inputs); }).code(), Code::ModelError);
  reuse(inputs, 99);
  EXPECT_EQ(infer(*model, {floats("b", {0})}).at("last").values<float>(), (Floats{1, 2}));
}

TEST(Memory, lazy_clone_of_a_mapped_input_does_not_see_the_next_request) {
  const auto model = load("keeps_lazily");
  std::vector<TestInput> inputs{mapped_floats("a", {1, 2})};
  try {
    infer(*model, inputs);
    reuse(inputs, 99);
    EXPECT_EQ(infer(*model, inputs).at("last").values<float>(), (Floats{1, 2}));
  } catch (const Error& error) {  // libtorch may refuse such a clone, too
    EXPECT_EQ(error.code(), Code::ModelError);
  }
}

TEST(Memory, model_that_keeps_nothing_causes_no_copy_of_a_mapped_input) {
  const auto model = load("returns_twice");
  std::vector<TestInput> inputs{mapped_floats("a", {1, 2})};
  const auto* before = inputs[0].bytes.data();
  const auto outputs = infer(*model, inputs);
  EXPECT_EQ(inputs[0].bytes.data(), before);
  EXPECT_EQ(outputs.at("input").values<float>(), (Floats{1, 2}));
}

TEST(Memory, one_tensor_returned_twice_arrives_twice) {
  const auto outputs = infer(*load("returns_twice"), {floats("a", {1, 2})});
  EXPECT_EQ(outputs.at("first").values<float>(), (Floats{2, 3}));
  EXPECT_EQ(outputs.at("second").values<float>(), (Floats{2, 3}));
}

TEST(Memory, returned_state_does_not_change_with_the_next_call) {
  const auto model = load("counts");
  const auto first = infer(*model, {floats("a", {1, 2})});
  const auto second = infer(*model, {floats("a", {1, 2})});
  EXPECT_EQ(first.at("total").values<float>(), (Floats{1, 2}));
  EXPECT_EQ(second.at("total").values<float>(), (Floats{2, 4}));
}

TEST(Memory, slice_of_a_large_tensor_is_sent_alone) {
  const auto outputs = infer(*load("returns_slice"), {floats("a", {1})});
  EXPECT_EQ(outputs.at("one").values<float>(), Floats{1});
  EXPECT_EQ(outputs.at("one").shape, std::vector<int64_t>{1});
}

TEST(Memory, forked_work_gets_copies) {
  const auto model = load("forks");
  std::vector<TestInput> inputs{mapped_floats("a", {1, 2})};
  EXPECT_EQ(infer(*model, inputs).at("y").values<float>(), (Floats{2, 4}));
}

TEST(Memory, large_mapped_input_is_moved_when_it_is_kept) {
  const auto model = load("keeps");
  std::vector<TestInput> inputs{mapped_floats("a", Floats(4 * 1024 * 1024, 5))};
  infer(*model, inputs);
  reuse(inputs, 6);
  const Floats last = infer(*model, inputs).at("last").values<float>();
  ASSERT_EQ(last.size(), 4u * 1024 * 1024);
  EXPECT_EQ(std::count(last.begin(), last.end(), 5.0f), static_cast<std::ptrdiff_t>(last.size()));
}

}  // namespace
}  // namespace carton::torchscript
