#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <iterator>
#include <thread>

#include "c_api/fixture.h"

namespace carton::test {
namespace {

struct Model : CApi {};

TEST_F(Model, RunsAndReturnsItsInputs) {
  carton_model* model = load();
  carton_tensors* inputs = floats(3, 7);
  carton_tensors* outputs = nullptr;
  carton_error* error = nullptr;
  ASSERT_EQ(carton_model_infer(model, inputs, nullptr, &outputs, &error), CARTON_OK)
      << carton_error_message(error);
  EXPECT_EQ(first(outputs), 7);
  EXPECT_GT(carton_model_runner_pid(model), 0);
  EXPECT_NE(std::string(carton_model_runner_json(model)).find("\"noop\""), std::string::npos);
  carton_model_free(model);
  EXPECT_EQ(first(outputs), 7);
  carton_tensors_free(outputs);
  carton_tensors_free(inputs);
}

TEST_F(Model, CallsCanBeStartedWaitedForTakenOnceAndCancelled) {
  carton_model* model = load();
  carton_tensors* inputs = floats(1, 2);
  carton_call* call = nullptr;
  ASSERT_EQ(carton_model_start(model, inputs, nullptr, &call, nullptr), CARTON_OK);
  carton_tensors_free(inputs);
  int32_t done = 0;
  ASSERT_EQ(carton_call_wait(call, -1, &done, nullptr), CARTON_OK);
  EXPECT_EQ(done, 1);
  carton_tensors* outputs = nullptr;
  ASSERT_EQ(carton_call_take(call, &outputs, nullptr), CARTON_OK);
  EXPECT_EQ(first(outputs), 2);
  carton_tensors_free(outputs);
  EXPECT_EQ(carton_call_take(call, &outputs, nullptr), CARTON_INVALID);
  EXPECT_EQ(carton_call_cancel(call, nullptr), CARTON_OK);
  carton_call_free(call);
  carton_model_free(model);
}

TEST_F(Model, AfterCloseEveryCallSaysClosed) {
  carton_model* model = load();
  EXPECT_EQ(carton_model_close(model, nullptr), CARTON_OK);
  EXPECT_EQ(carton_model_close(model, nullptr), CARTON_OK);
  carton_tensors* inputs = floats(1, 2);
  carton_tensors* outputs = nullptr;
  carton_error* error = nullptr;
  EXPECT_EQ(carton_model_infer(model, inputs, nullptr, &outputs, &error), CARTON_CLOSED);
  EXPECT_EQ(outputs, nullptr);
  EXPECT_EQ(carton_error_code(error), CARTON_CLOSED);
  carton_error_free(error);
  EXPECT_EQ(carton_model_runner_pid(model), 0);
  carton_tensors_free(inputs);
  carton_model_free(model);
}

TEST_F(Model, AKilledRunnerIsReportedAndLeavesTheHostUnharmed) {
  carton_model* model = load();
  ::kill(static_cast<pid_t>(carton_model_runner_pid(model)), SIGKILL);
  carton_tensors* inputs = floats(1, 2);
  carton_tensors* outputs = nullptr;
  carton_error* error = nullptr;
  EXPECT_EQ(carton_model_infer(model, inputs, nullptr, &outputs, &error), CARTON_RUNNER_CRASHED);
  EXPECT_NE(std::strstr(carton_error_message(error), "SIGKILL"), nullptr) << carton_error_message(error);
  carton_error_free(error);
  carton_tensors_free(inputs);
  carton_model_free(model);
}

TEST_F(Model, AForkedChildIsRefusedAndTheParentUnaffected) {
  carton_model* model = load();
  carton_tensors* inputs = floats(2000, 3);  // its answer is leased shared memory
  carton_tensors* held = nullptr;
  ASSERT_EQ(carton_model_infer(model, inputs, nullptr, &held, nullptr), CARTON_OK);
  pid_t child = ::fork();
  if (child == 0) {
    carton_tensors* outputs = nullptr;
    bool right = carton_model_infer(model, inputs, nullptr, &outputs, nullptr) == CARTON_FORKED &&
                 carton_model_close(model, nullptr) == CARTON_FORKED && first(held) == 3;
    carton_tensors_free(held);
    carton_model_free(model);
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  for (int i = 0; i < 10; ++i) {
    carton_tensors* outputs = nullptr;
    ASSERT_EQ(carton_model_infer(model, inputs, nullptr, &outputs, nullptr), CARTON_OK);
    EXPECT_EQ(first(outputs), 3);
    carton_tensors_free(outputs);
  }
  carton_tensors_free(held);
  carton_tensors_free(inputs);
  carton_model_free(model);
}

TEST_F(Model, TheRunnerEndsWhenTheHostIsKilledEvenIfASiblingHoldsItsSockets) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  pid_t host = ::fork();
  if (host == 0) {
    carton_model* model = nullptr;
    carton_load(path.c_str(), nullptr, &model, nullptr);
    int64_t pid = carton_model_runner_pid(model);
    pid_t sibling = ::fork();  // inherits every descriptor, and outlives the host
    if (sibling == 0) {
      for (;;) ::pause();
    }
    int64_t pids[2] = {pid, sibling};
    [[maybe_unused]] ssize_t written = ::write(ends[1], pids, sizeof pids);
    for (;;) ::pause();
  }
  int64_t pids[2] = {0, 0};
  ASSERT_EQ(::read(ends[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  ASSERT_GT(pids[0], 0);
  EXPECT_EQ(::kill(static_cast<pid_t>(pids[0]), 0), 0);
  ::kill(host, SIGKILL);
  ::waitpid(host, nullptr, 0);
  bool gone = false;
  for (int i = 0; i < 100 && !gone; ++i) {
    // An orphan may wait a moment to be reaped: a zombie counts as gone.
    std::string stat_path = "/proc/" + std::to_string(pids[0]) + "/stat";
    std::ifstream stat(stat_path);
    std::string content((std::istreambuf_iterator<char>(stat)), {});
    gone = content.empty() || content.find(") Z ") != std::string::npos;
    if (!gone) ::usleep(10'000);
  }
  EXPECT_TRUE(gone);
  ::kill(static_cast<pid_t>(pids[1]), SIGKILL);
  ::close(ends[0]);
  ::close(ends[1]);
}

int count_entries(const char* folder) {
  int count = 0;
  DIR* dir = ::opendir(folder);
  while (::readdir(dir) != nullptr) ++count;
  ::closedir(dir);
  return count;
}

TEST_F(Model, LoadingAndClosingLeaksNoDescriptorAndNoThread) {
  carton_model_free(load());
  int descriptors = count_entries("/proc/self/fd"), threads = count_entries("/proc/self/task");
  for (int i = 0; i < 30; ++i) {
    carton_model* model = load();
    carton_tensors* inputs = floats(5000, 1);
    carton_tensors* outputs = nullptr;
    ASSERT_EQ(carton_model_infer(model, inputs, nullptr, &outputs, nullptr), CARTON_OK);
    carton_tensors_free(outputs);
    carton_tensors_free(inputs);
    carton_model_free(model);
  }
  EXPECT_EQ(count_entries("/proc/self/fd"), descriptors);
  EXPECT_EQ(count_entries("/proc/self/task"), threads);
}

TEST_F(Model, TheThreadThatLoadedMayEnd) {
  carton_model* model = nullptr;
  std::thread([&] { model = load(); }).join();
  carton_tensors* inputs = floats(1, 4);
  carton_tensors* outputs = nullptr;
  EXPECT_EQ(carton_model_infer(model, inputs, nullptr, &outputs, nullptr), CARTON_OK);
  carton_tensors_free(outputs);
  carton_tensors_free(inputs);
  carton_model_free(model);
}

TEST_F(Model, SurvivesAStormOfSignals) {
  struct sigaction action {
  }, old{};
  action.sa_handler = [](int) {};  // no SA_RESTART: every blocking call sees EINTR
  ::sigaction(SIGUSR1, &action, &old);
  std::atomic<bool> stop{false};
  pthread_t target = ::pthread_self();
  std::thread storm([&] {
    while (!stop) {
      ::pthread_kill(target, SIGUSR1);
      ::usleep(200);
    }
  });
  for (int round = 0; round < 3; ++round) {
    carton_model* model = load();
    for (int i = 0; i < 200; ++i) {
      carton_tensors* inputs = floats(10, 1);
      carton_tensors* outputs = nullptr;
      ASSERT_EQ(carton_model_infer(model, inputs, nullptr, &outputs, nullptr), CARTON_OK);
      carton_tensors_free(outputs);
      carton_tensors_free(inputs);
    }
    carton_model_free(model);
  }
  stop = true;
  storm.join();
  ::sigaction(SIGUSR1, &old, nullptr);
}

TEST_F(Model, OptionsOfAnOlderHeaderAreTaken) {
  carton_load_options options;
  carton_load_options_init(&options);
  options.size = offsetof(carton_load_options, timeout_ms);
  options.timeout_ms = 0;  // beyond the older struct's end: not read
  carton_model* model = load(&options);
  EXPECT_NE(model, nullptr);
  carton_model_free(model);
}

TEST_F(Model, WrongOptionsAreInvalid) {
  carton_load_options options;
  carton_load_options_init(&options);
  carton_model* model = nullptr;
  options.override_runner_opts = "[1]";
  EXPECT_EQ(carton_load(path.c_str(), &options, &model, nullptr), CARTON_INVALID);
  options.override_runner_opts = "{\"x\": [1]}";
  EXPECT_EQ(carton_load(path.c_str(), &options, &model, nullptr), CARTON_INVALID);
  options.override_runner_opts = nullptr;
  options.verify = 9;
  EXPECT_EQ(carton_load(path.c_str(), &options, &model, nullptr), CARTON_INVALID);
  options.verify = 0;
  options.region_capacity = 1;
  EXPECT_EQ(carton_load(path.c_str(), &options, &model, nullptr), CARTON_INVALID);
  options.region_capacity = uint64_t{4} << 30;
  options.override_runner_name = "nobody";
  carton_error* error = nullptr;
  EXPECT_EQ(carton_load(path.c_str(), &options, &model, &error), CARTON_NO_RUNNER);
  EXPECT_NE(std::strstr(carton_error_message(error), "nobody"), nullptr);
  EXPECT_NE(std::strstr(carton_error_message(error), "noop"), nullptr) << carton_error_message(error);
  carton_error_free(error);
}

TEST_F(Model, ThousandsOfModelFilesNeedNoDescriptorEach) {
  for (int i = 0; i < 3000; ++i) {
    std::string name = "model/part_" + std::to_string(i);
    builder.files[name] = std::to_string(i);
    if (i % 2 == 0) builder.methods[name] = 93;
  }
  write_file(path, builder.zip());
  carton_model* model = load();
  ASSERT_NE(model, nullptr);
  carton_model_free(model);
}

TEST_F(Model, InfoOutlivesTheModel) {
  carton_model* model = load();
  carton_info* info = nullptr;
  ASSERT_EQ(carton_model_info(model, &info, nullptr), CARTON_OK);
  carton_model_free(model);
  char buffer[64];
  uint64_t length = 0;
  ASSERT_EQ(carton_info_read(info, "misc/read me.txt", 1, buffer, sizeof buffer, &length, nullptr),
            CARTON_OK);
  EXPECT_EQ(std::string(buffer, length), "ello");
  EXPECT_EQ(std::strlen(carton_info_manifest_sha256(info)), 64u);
  char* report = nullptr;
  ASSERT_EQ(carton_info_verify(info, &report, nullptr), CARTON_OK);
  EXPECT_NE(std::strstr(report, "\"ok\":true"), nullptr) << report;
  carton_string_free(report);
  carton_info_free(info);
}

TEST_F(Model, TheLibraryExportsItsPrefixAndNothingElse) {
  std::string command = std::string("nm -D --defined-only ") + CARTON_LIBRARY;
  FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 512> line;
  int symbols = 0;
  while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
    std::string text(line.data());
    if (text.find(" A CARTON_1") != std::string::npos) continue;  // the version node
    EXPECT_NE(text.find(" T carton_"), std::string::npos) << text;
    ++symbols;
  }
  EXPECT_EQ(::pclose(pipe), 0);
  EXPECT_GT(symbols, 50);
}

}  // namespace
}  // namespace carton::test
