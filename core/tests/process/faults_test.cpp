// Every way a runner can die or hang, at every step of its life, seen from the host.
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>

#include "model/model.h"
#include "runner/client.h"
#include "runner/launch.h"

namespace carton {
namespace {

constexpr int64_t kStepTimeoutMs = 700;

std::shared_ptr<RunnerClient> start_client(const std::string& step, const std::string& deed,
                                           int64_t kill_after_ms = 300) {
  LaunchSpec spec;
  spec.program = CARTON_FAULT_RUNNER;
  spec.arguments = {step, deed};
  ClientOptions options;
  options.name = "`fault 1.0.0`";
  options.region_capacity = 8 << 20;
  options.kill_after_ms = kill_after_ms;
  options.log = [](int32_t, const char*, const std::string&) {};
  return RunnerClient::create(launch(spec), std::move(options));
}

void load(RunnerClient& client) {
  client.handshake(deadline_after_ms(kStepTimeoutMs));
  Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  client.send_file("f", file.get(), 0, 0, deadline_after_ms(kStepTimeoutMs));
  client.load(nlohmann::json::object(), deadline_after_ms(kStepTimeoutMs));
}

NamedTensors infer(RunnerClient& client) {
  NamedTensors inputs;
  inputs.emplace_back("x", Tensor::allocate(DType::Float32, {2}));
  auto call = client.start(std::move(inputs), deadline_after_ms(kStepTimeoutMs));
  while (!call->wait(shm::kForever)) {
  }
  return call->take();
}

std::optional<Error> failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

int open_descriptors() {
  int count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

using Fault = std::tuple<const char*, const char*>;

std::string name_of(const testing::TestParamInfo<Fault>& info) {
  return std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param);
}

class Death : public testing::TestWithParam<Fault> {};

TEST_P(Death, IsATypedErrorWithStatusAndLastWords) {
  auto [step, deed] = GetParam();
  int before = open_descriptors();
  {
    auto client = start_client(step, deed);
    auto error = failure_of([&] {
      load(*client);
      infer(*client);
    });
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->code(), Code::RunnerCrashed) << error->message();
    const std::map<std::string, std::string> status = {
        {"kill", "SIGKILL"}, {"segv", "SIGSEGV"}, {"abort", "SIGABRT"}, {"exit0", "exit status 0"}};
    EXPECT_NE(error->message().find(status.at(deed)), std::string::npos) << error->message();
    EXPECT_NE(error->log().find(std::string("last words at ") + step), std::string::npos) << error->log();

    auto later = failure_of([&] { infer(*client); });
    ASSERT_TRUE(later.has_value());
    EXPECT_EQ(later->code(), Code::RunnerCrashed) << later->message();
    EXPECT_EQ(client->pid(), 0);
    client->close();
  }
  EXPECT_EQ(open_descriptors(), before);
}

INSTANTIATE_TEST_SUITE_P(AtEachStep, Death,
                         testing::Combine(testing::Values("start", "hello", "file", "load", "ready", "serve",
                                                          "take", "respond"),
                                          testing::Values("kill", "segv", "abort", "exit0")),
                         name_of);

class HangBeforeReady : public testing::TestWithParam<const char*> {};

TEST_P(HangBeforeReady, EndsAtTheDeadline) {
  auto client = start_client(GetParam(), "hang");
  int64_t began = shm::now_ns();
  auto error = failure_of([&] { load(*client); });
  int64_t took_ms = (shm::now_ns() - began) / 1'000'000;
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code(), Code::RunnerTimeout) << error->message();
  EXPECT_GE(took_ms, kStepTimeoutMs - 50);
  EXPECT_LT(took_ms, 3 * kStepTimeoutMs + 2000);
  EXPECT_EQ(client->pid(), 0);
}

INSTANTIATE_TEST_SUITE_P(AtEachStep, HangBeforeReady,
                         testing::Values("start", "hello", "file", "load", "ready"));

class HangInCall : public testing::TestWithParam<const char*> {};

TEST_P(HangInCall, EndsTheCallAtItsDeadlineAndTheRunnerAfterKillAfter) {
  auto client = start_client(GetParam(), "hang");
  load(*client);
  auto error = failure_of([&] { infer(*client); });
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code(), Code::RunnerTimeout) << error->message();
  // kill_after passes, then the runner is gone and says why.
  for (int i = 0; i < 300 && client->pid() != 0; ++i) ::usleep(10'000);
  EXPECT_EQ(client->pid(), 0);
  auto later = failure_of([&] { infer(*client); });
  ASSERT_TRUE(later.has_value());
  EXPECT_EQ(later->code(), Code::RunnerCrashed);
  EXPECT_NE(later->message().find("300 ms"), std::string::npos) << later->message();
}

INSTANTIATE_TEST_SUITE_P(AtEachStep, HangInCall, testing::Values("serve", "take", "respond"));

TEST(Close, OfARunnerThatDiesOrHangsStillReturns) {
  for (const char* deed : {"kill", "segv", "abort", "exit0", "hang"}) {
    auto client = start_client("close", deed);
    load(*client);
    int64_t began = shm::now_ns();
    client->close();
    EXPECT_LT((shm::now_ns() - began) / 1'000'000, 5000) << deed;
    EXPECT_EQ(client->pid(), 0) << deed;
    auto later = failure_of([&] { infer(*client); });
    ASSERT_TRUE(later.has_value());
    EXPECT_EQ(later->code(), Code::Closed) << deed;
  }
}

TEST(Garbage, OnTheControlSocketEndsTheRunnerWithAProtocolError) {
  auto client = start_client("load", "garbage");
  auto error = failure_of([&] { load(*client); });
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code(), Code::RunnerProtocol) << error->message();
  EXPECT_EQ(client->pid(), 0);
}

TEST(Garbage, InAResponseEndsTheRunnerWithAProtocolError) {
  auto client = start_client("respond", "garbage");
  load(*client);
  auto error = failure_of([&] { infer(*client); });
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code(), Code::RunnerProtocol) << error->message();
  auto later = failure_of([&] { infer(*client); });
  ASSERT_TRUE(later.has_value());
  EXPECT_EQ(later->code(), Code::RunnerProtocol) << later->message();
}

int64_t milliseconds_of(const std::function<void()>& action) {
  int64_t began = shm::now_ns();
  action();
  return (shm::now_ns() - began) / 1'000'000;
}

TEST(Deaf, ARunnerThatReadsNoFilesEndsTheLoadAtItsDeadline) {
  auto client = start_client("hello", "hang");
  client->handshake(deadline_after_ms(kStepTimeoutMs));
  Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::optional<Error> error;
  int64_t took_ms = milliseconds_of([&] {
    error = failure_of([&] {
      int64_t deadline = deadline_after_ms(kStepTimeoutMs);
      for (int i = 0; i < 5000; ++i) client->send_file("f" + std::to_string(i), file.get(), 0, 0, deadline);
    });
  });
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code(), Code::RunnerTimeout) << error->message();
  EXPECT_LT(took_ms, 3 * kStepTimeoutMs + 2000);
  EXPECT_EQ(client->pid(), 0);
}

TEST(Flood, OfLogLinesKeepsNeitherADeadlineNorACloseFromItsEffect) {
  auto client = start_client("load", "flood");
  std::optional<Error> error;
  EXPECT_LT(milliseconds_of([&] { error = failure_of([&] { load(*client); }); }), 3 * kStepTimeoutMs + 2000);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code(), Code::RunnerTimeout) << error->message();

  auto serving = start_client("serve", "flood");
  load(*serving);
  EXPECT_LT(milliseconds_of([&] { serving->close(); }), 5000);
}

TEST(Flood, OfRepliesThatNobodyAskedForEndsTheRunner) {
  auto client = start_client("serve", "replies");
  load(*client);
  for (int i = 0; i < 300 && client->pid() != 0; ++i) ::usleep(10'000);
  EXPECT_EQ(client->pid(), 0);
  auto later = failure_of([&] { infer(*client); });
  ASSERT_TRUE(later.has_value());
  EXPECT_EQ(later->code(), Code::RunnerProtocol) << later->message();
}

TEST(KillAfter, BelowZeroOrBeyondTheClockMeansNever) {
  for (int64_t kill_after_ms : {int64_t{-1}, INT64_MAX}) {
    auto client = start_client("take", "hang", kill_after_ms);
    load(*client);
    auto error = failure_of([&] { infer(*client); });
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->code(), Code::RunnerTimeout) << error->message();
    ::usleep(200'000);
    EXPECT_NE(client->pid(), 0) << kill_after_ms;
  }
}

TEST(Lifetime, TheLastReferencesMayGoWhileTheRunnersEndIsBeingReported) {
  for (int i = 0; i < 200; ++i) {
    auto client = start_client("take", "kill");
    load(*client);
    NamedTensors inputs;
    inputs.emplace_back("x", Tensor::allocate(DType::Float32, {2}));
    auto call = client->start(std::move(inputs), shm::kForever);
    client.reset();
    while (!call->wait(shm::kForever)) {
    }
    call.reset();  // the supervisor's thread may hold the last one now
  }
}

TEST(Lifetime, TheLogCallbackMayDropTheClientButNotCloseIt) {
  struct State {
    std::mutex mutex;
    std::shared_ptr<RunnerClient> client;
    std::optional<Error> refusal;
    std::atomic<bool> called{false};
  };
  auto state = std::make_shared<State>();  // the callback's too: dropped in it, the client ends later
  std::weak_ptr<State> ended = state;
  LaunchSpec spec;
  spec.program = CARTON_FAULT_RUNNER;
  spec.arguments = {"serve", "flood"};
  ClientOptions options;
  options.name = "`fault 1.0.0`";
  options.region_capacity = 8 << 20;
  options.log = [state](int32_t, const char*, const std::string&) {
    std::lock_guard lock(state->mutex);
    if (!state->client) return;
    state->refusal = failure_of([&] { state->client->close(); });
    state->client.reset();
    state->called = true;
  };
  auto client = RunnerClient::create(launch(spec), std::move(options));
  options.log = nullptr;
  load(*client);
  {
    std::lock_guard lock(state->mutex);
    state->client = std::move(client);
  }
  for (int i = 0; i < 500 && !state->called; ++i) ::usleep(10'000);
  ASSERT_TRUE(state->called);
  {
    std::lock_guard lock(state->mutex);
    ASSERT_TRUE(state->refusal.has_value());
    EXPECT_EQ(state->refusal->code(), Code::Invalid) << state->refusal->message();
  }
  state.reset();
  for (int i = 0; i < 500 && !ended.expired(); ++i) ::usleep(10'000);
  EXPECT_TRUE(ended.expired());  // the thread has ended, and the client with it
}

TEST(ModelError, LeavesTheRunnerAlive) {
  auto client = start_client("none", "none");
  load(*client);
  for (int i = 0; i < 3; ++i) {
    auto error = failure_of([&] { infer(*client); });
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->code(), Code::ModelError);
    EXPECT_EQ(error->message(), "this runner has no model");
  }
  EXPECT_NE(client->pid(), 0);
}

}  // namespace
}  // namespace carton
