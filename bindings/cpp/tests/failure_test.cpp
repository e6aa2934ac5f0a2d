// What comes back when the model talks, is slow, fails or dies.
#include <carton/carton.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>

#include "support.h"

namespace {

using namespace std::chrono_literals;
using carton::Call;
using carton::Code;
using carton::LoadOptions;
using carton::Model;
using carton::Tensor;
using carton::TensorMap;
using carton::testing::acting_carton;
using carton::testing::expect_error;

TensorMap act(const char* what) { return {{"act", Tensor::text(what)}}; }

double seconds_of(const std::function<void()>& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Collects log lines from the library's thread, and lets the test wait for them.
class Log {
 public:
  void add(carton::LogLevel level, const std::string& source, const std::string& message) {
    const std::lock_guard lock(mutex_);
    seen_.insert(source + ": " + message);
    if (source == "runner") level_ = level;
    changed_.notify_all();
  }
  bool wait_for(const std::string& line) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] { return seen_.count(line) > 0; });
  }
  carton::LogLevel runner_level() {
    const std::lock_guard lock(mutex_);
    return level_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multiset<std::string> seen_;
  carton::LogLevel level_ = carton::LogLevel::Trace;
};

class FailureTest : public carton::testing::NoLeaks {};

TEST_F(FailureTest, log_function_gets_what_runner_and_model_say) {
  Log log;
  LoadOptions options;
  options.log = [&](auto level, const auto& source, const auto& message) { log.add(level, source, message); };
  const Model model = Model::load(acting_carton, options);
  model.infer(act("talk"));
  EXPECT_TRUE(log.wait_for("runner: spoken to the log"));
  EXPECT_TRUE(log.wait_for("stdout: spoken to stdout"));
  EXPECT_TRUE(log.wait_for("stderr: spoken to stderr"));
  EXPECT_EQ(log.runner_level(), carton::LogLevel::Warning);
}

TEST_F(FailureTest, log_function_follows_a_moved_model) {
  Log log;
  LoadOptions options;
  options.log = [&](auto level, const auto& source, const auto& message) { log.add(level, source, message); };
  Model first = Model::load(acting_carton, options);
  options.log = nullptr;
  const Model second = std::move(first);
  second.infer(act("talk"));
  EXPECT_TRUE(log.wait_for("stdout: spoken to stdout"));
}

TEST_F(FailureTest, exception_of_a_log_function_is_dropped) {
  LoadOptions options;
  options.log = [](auto, const auto&, const auto&) { throw std::runtime_error("from the log function"); };
  const Model model = Model::load(acting_carton, options);
  model.infer(act("talk"));
  EXPECT_EQ(model.infer(act("talk"))["done"].item<std::string>(), "yes");
}

TEST_F(FailureTest, exception_of_the_model_is_passed_on_and_the_runner_lives) {
  const Model model = Model::load(acting_carton);
  expect_error(Code::ModelError, "the model cannot do that", [&] { model.infer(act("fail")); });
  EXPECT_EQ(model.infer(act(""))["done"].item<std::string>(), "yes");
}

TEST_F(FailureTest, crash_tells_the_signal_and_the_last_lines) {
  const Model model = Model::load(acting_carton);
  try {
    model.infer(act("crash"));
    FAIL() << "a result from a crashed runner";
  } catch (const carton::Error& error) {
    EXPECT_EQ(error.code(), Code::RunnerCrashed) << error.what();
    EXPECT_NE(error.message().find("SIGABRT"), std::string::npos) << error.what();
    EXPECT_NE(error.log().find("about to abort"), std::string::npos) << error.what();
  }
}

TEST_F(FailureTest, deadline_returns_long_before_a_slow_model) {
  const Model model = Model::load(acting_carton);
  const double seconds =
      seconds_of([&] { expect_error(Code::RunnerTimeout, "", [&] { model.infer(act("sleep"), 50ms); }); });
  EXPECT_GE(seconds, 0.05);
  EXPECT_LT(seconds, 5);
}

TEST_F(FailureTest, wait_gives_up_at_its_own_timeout_and_the_call_goes_on) {
  const Model model = Model::load(acting_carton);
  Call call = model.start(act("sleep"));
  EXPECT_FALSE(call.wait(0ms));
  EXPECT_FALSE(call.wait(20ms));
  expect_error(Code::Invalid, "", [&] { call.take(); });
}

TEST_F(FailureTest, cancelled_call_ends_at_once) {
  const Model model = Model::load(acting_carton);
  Call call = model.start(act("sleep"));
  const double seconds = seconds_of([&] {
    call.cancel();
    expect_error(Code::Cancelled, "", [&] { call.get(); });
  });
  EXPECT_LT(seconds, 5);
}

TEST_F(FailureTest, close_ends_calls_in_flight) {
  Model model = Model::load(acting_carton);
  Call call = model.start(act("sleep"));
  EXPECT_LT(seconds_of([&] { model.close(); }), 8);
  expect_error(Code::Closed, "", [&] { call.get(); });
}

}  // namespace
