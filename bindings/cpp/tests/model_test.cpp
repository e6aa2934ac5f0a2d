#include <atomic>
#include <carton/carton.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support.h"

namespace {

using carton::Call;
using carton::Code;
using carton::Model;
using carton::Tensor;
using carton::TensorMap;
using carton::testing::echo_carton;
using carton::testing::expect_error;
using carton::testing::typed_carton;

static_assert(!std::is_copy_constructible_v<Model> && std::is_nothrow_move_assignable_v<Model>);
static_assert(!std::is_copy_constructible_v<Call> && std::is_nothrow_move_constructible_v<Call>);

class ModelTest : public carton::testing::NoLeaks {};

TEST_F(ModelTest, infer_returns_what_the_runner_gave) {
  const Model model = Model::load(echo_carton);
  const std::vector<std::string> texts{"a", "", std::string("n\0l", 3), "\xf0\x9f\x98\x80"};
  const TensorMap outputs = model.infer(
      {{"a", Tensor::of({1.0f, 2.0f, 3.0f})}, {"b", Tensor::text("hello")}, {"c", Tensor::texts(texts)}});
  EXPECT_EQ(outputs.size(), 3u);
  EXPECT_EQ(outputs["a"].to_vector<float>(), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(outputs["b"].item<std::string>(), "hello");
  EXPECT_EQ(outputs["c"].to_vector<std::string>(), texts);
}

TEST_F(ModelTest, scalars_empty_tensors_and_many_dimensions_keep_their_shape) {
  const Model model = Model::load(echo_carton);
  const carton::Shape deep(32, 1);
  const TensorMap outputs = model.infer({{"scalar", Tensor::scalar(std::int64_t{7})},
                                         {"empty", Tensor::of(std::vector<double>{}, {0, 3})},
                                         {"deep", Tensor::of(std::vector<bool>{true}, deep)}});
  EXPECT_EQ(outputs["scalar"].item<std::int64_t>(), 7);
  EXPECT_EQ(outputs["empty"].shape(), (carton::Shape{0, 3}));
  EXPECT_EQ(outputs["deep"].shape(), deep);
  EXPECT_EQ(outputs["deep"].item<bool>(), true);
}

TEST_F(ModelTest, large_tensor_comes_back_equal) {
  const Model model = Model::load(echo_carton);
  std::vector<std::int32_t> values(4 << 20);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int32_t>(i * 2654435761u);
  EXPECT_EQ(model.infer({{"x", Tensor::of(values)}})["x"].to_vector<std::int32_t>(), values);
}

TEST_F(ModelTest, outputs_outlive_the_model_and_may_be_written_to) {
  std::optional<Tensor> output;
  {
    const Model model = Model::load(echo_carton);
    output = model.infer({{"x", Tensor::of(std::vector<float>(1 << 20, 2.0f))}})["x"];
  }
  EXPECT_EQ(output->data<float>()[(1 << 20) - 1], 2.0f);
  output->data<float>()[0] = 5.0f;
  EXPECT_EQ(output->data<float>()[0], 5.0f);
}

TEST_F(ModelTest, view_is_released_once_after_the_call) {
  const Model model = Model::load(echo_carton);
  std::vector<float> memory(1 << 16, 1.0f);
  int released = 0;
  {
    const TensorMap inputs{{"x", Tensor::view(memory.data(), {1 << 16}, [&] { ++released; })}};
    EXPECT_EQ(model.infer(inputs)["x"].count(), memory.size());
    EXPECT_EQ(model.infer(inputs)["x"].count(), memory.size());
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
}

TEST_F(ModelTest, input_of_another_dtype_is_refused_by_name) {
  const Model model = Model::load(typed_carton);
  expect_error(Code::Input, "`a`", [&] {
    model.infer({{"a", Tensor::of({1.0, 2.0, 3.0})}, {"b", Tensor::text("")}});
  });
  expect_error(Code::Input, "float32", [&] {
    model.infer({{"a", Tensor::of({1, 2, 3})}, {"b", Tensor::text("")}});
  });
}

TEST_F(ModelTest, missing_and_extra_inputs_are_refused_by_name) {
  const Model model = Model::load(typed_carton);
  expect_error(Code::Input, "`b`", [&] { model.infer({{"a", Tensor::of({1.0f, 2.0f, 3.0f})}}); });
  expect_error(Code::Input, "`zebra`", [&] {
    model.infer(
        {{"a", Tensor::of({1.0f, 2.0f, 3.0f})}, {"b", Tensor::text("")}, {"zebra", Tensor::text("")}});
  });
}

TEST_F(ModelTest, missing_file_is_named) {
  expect_error(Code::Io, "no/such.carton", [] { Model::load("no/such.carton"); });
}

TEST_F(ModelTest, requirement_that_no_runner_meets_is_an_error_with_a_hint) {
  carton::LoadOptions options;
  options.override_required_framework_version = "=99999.0.0";
  try {
    Model::load(echo_carton, options);
    FAIL() << "loaded";
  } catch (const carton::Error& error) {
    EXPECT_EQ(error.code(), Code::NoRunner);
    EXPECT_NE(error.message().find("99999"), std::string::npos) << error.what();
    EXPECT_FALSE(error.hint().empty()) << error.what();
  }
}

TEST_F(ModelTest, closed_model_refuses_calls) {
  Model model = Model::load(echo_carton);
  EXPECT_GT(model.runner_pid(), 0);
  model.close();
  model.close();
  EXPECT_EQ(model.runner_pid(), 0);
  expect_error(Code::Closed, "", [&] { model.infer({{"a", Tensor::scalar(1)}}); });
}

TEST_F(ModelTest, move_assignment_ends_the_former_model) {
  Model model = Model::load(echo_carton);
  const std::int64_t first = model.runner_pid();
  model = Model::load(echo_carton);
  EXPECT_NE(model.runner_pid(), first);
  EXPECT_EQ(model.infer({{"a", Tensor::scalar(1)}})["a"].item<int>(), 1);
}

TEST_F(ModelTest, many_threads_call_one_model) {
  const Model model = Model::load(echo_carton);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const int value = static_cast<int>(t) * 1000 + i;
        if (model.infer({{"x", Tensor::scalar(value)}})["x"].item<int>() != value) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

// The transport has 64 slots; the calls beyond them queue in the host.
TEST_F(ModelTest, more_threads_than_slots_all_get_their_answers) {
  const Model model = Model::load(echo_carton);
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 100; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) right += model.infer({{"x", Tensor::scalar(t)}})["x"].item<int>() == t;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 100 * 20);
}

TEST_F(ModelTest, info_of_a_model_outlives_it) {
  std::optional<carton::Info> info;
  {
    const Model model = Model::load(echo_carton);
    info = model.info();
    EXPECT_NE(model.runner_json().find("noop"), std::string::npos);
  }
  EXPECT_EQ(info->manifest_sha256(), carton::Info::open(echo_carton).manifest_sha256());
}

class CallTest : public carton::testing::NoLeaks {};

TEST_F(CallTest, many_calls_in_flight_return_their_own_outputs) {
  const Model model = Model::load(echo_carton);
  std::vector<Call> calls;
  for (int i = 0; i < 300; ++i) calls.push_back(model.start({{"x", Tensor::scalar(i)}}));
  for (int i = 0; i < 300; ++i) EXPECT_EQ(calls[static_cast<std::size_t>(i)].get()["x"].item<int>(), i);
}

TEST_F(CallTest, outputs_are_taken_once) {
  const Model model = Model::load(echo_carton);
  Call call = model.start({{"x", Tensor::scalar(1)}});
  EXPECT_TRUE(call.wait());
  EXPECT_TRUE(call.wait(std::chrono::milliseconds(0)));
  EXPECT_EQ(call.take()["x"].item<int>(), 1);
  expect_error(Code::Invalid, "", [&] { call.take(); });
}

TEST_F(CallTest, call_outlives_its_inputs) {
  const Model model = Model::load(echo_carton);
  std::optional<Call> call;
  {
    const TensorMap inputs{{"x", Tensor::of(std::vector<float>(1 << 20, 3.0f))}};
    call = model.start(inputs);
  }
  EXPECT_EQ(call->get()["x"].data<float>()[12345], 3.0f);
}

TEST_F(CallTest, dropped_calls_do_not_disturb_later_ones) {
  const Model model = Model::load(echo_carton);
  for (int i = 0; i < 200; ++i) model.start({{"x", Tensor::scalar(i)}});
  EXPECT_EQ(model.infer({{"x", Tensor::scalar(5)}})["x"].item<int>(), 5);
}

TEST_F(CallTest, cancelled_call_has_ended_and_later_calls_work) {
  const Model model = Model::load(echo_carton);
  Call call = model.start({{"x", Tensor::of(std::vector<float>(1 << 20))}});
  call.cancel();
  EXPECT_TRUE(call.wait(std::chrono::milliseconds(0)));
  EXPECT_EQ(model.infer({{"x", Tensor::scalar(5)}})["x"].item<int>(), 5);
}

TEST_F(CallTest, calls_of_a_closed_model_end) {
  Model model = Model::load(echo_carton);
  std::vector<Call> calls;
  for (int i = 0; i < 50; ++i) calls.push_back(model.start({{"x", Tensor::scalar(i)}}));
  model.close();
  for (const Call& call : calls) EXPECT_TRUE(call.wait(std::chrono::seconds(5)));
}

}  // namespace
