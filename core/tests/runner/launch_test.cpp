#include "runner/launch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "fake_runner.h"

namespace carton {
namespace {

using namespace std::chrono_literals;

using fake::kPatience;
using std::chrono::milliseconds;

// A variable of the host's environment for the length of a test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = ::getenv(name)) old_ = old;
    ::setenv(name, value, 1);
  }
  ~Variable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

// A runner that has become its own program, and stands still.
Process start_waiting(const LaunchSpec& spec = fake::shell("kill -STOP $$")) {
  Process process = launch(spec);
  auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (fake::status_field(process.pid(), "State")[0] != 'T') {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the runner did not get there");
    std::this_thread::yield();
  }
  return process;
}

std::set<std::string> lines(const std::string& text) {
  std::set<std::string> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.insert(line);
  return out;
}

// Soft and hard value in /proc/<pid>/limits.
std::string limit(pid_t pid, const std::string& name) {
  std::istringstream stream(fake::proc(pid, "limits"));
  for (std::string line; std::getline(stream, line);) {
    if (line.rfind(name, 0) != 0) continue;
    std::istringstream words(line.substr(name.size()));
    std::string soft, hard;
    words >> soft >> hard;
    return soft + " " + hard;
  }
  return "<absent>";
}

// Runs `body` in a forked child, whose descriptors, limits and filters it may spoil; 0 is success.
int in_child(const std::function<bool()>& body) {
  pid_t pid = ::fork();
  if (pid == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool runs_to_exit_9() {
  Process process = launch(fake::shell("echo out; echo err >&2; exit 9"));
  return fake::read_all(process.out()) == "out\n" && fake::read_all(process.err()) == "err\n" &&
         process.wait_exit(kPatience).value_or(ExitStatus{}).text() == "exit status 9";
}

// From now on, in this process: system call `number` fails with `error` (if argument `index` is not 0).
void forbid(long number, int error, std::optional<unsigned> index = {}) {
  const unsigned nr = offsetof(seccomp_data, nr);
  const unsigned arg = index ? static_cast<unsigned>(offsetof(seccomp_data, args)) + 8 * *index : nr;
  const unsigned allowed_value = index ? 0U : ~0U;
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, nr),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arg),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed_value, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) ::_exit(77);
}

// ---- What the runner gets

TEST(Launch, environment_is_closed) {
  Variable python("PYTHONPATH", "/host");
  Variable loader("LD_LIBRARY_PATH", "/host");
  Variable secret("AWS_SECRET_ACCESS_KEY", "s3cret");
  LaunchSpec spec;
  spec.program = "/usr/bin/env";
  spec.visible_devices = "GPU-1";
  spec.environment = {{"OMP_NUM_THREADS", "2"}, {"LANG", "C"}};
  Process process = launch(spec);
  std::set<std::string> expected{
      "CUDA_VISIBLE_DEVICES=GPU-1", "HOME=" + process.directory(), "LANG=C",
      "OMP_NUM_THREADS=2",          "PATH=/usr/bin:/bin",          "TMPDIR=" + process.directory()};
  EXPECT_EQ(lines(fake::read_all(process.out())), expected);
}

TEST(Launch, gpus_are_hidden_unless_given) {
  Process process = launch(fake::shell("echo \"[${CUDA_VISIBLE_DEVICES-unset}]\""));
  EXPECT_EQ(fake::read_all(process.out()), "[]\n");
}

TEST(Launch, arguments_arrive_as_they_are) {
  LaunchSpec spec = fake::shell("for a in \"$0\" \"$@\"; do echo \"[$a]\"; done");
  spec.arguments.insert(spec.arguments.end(), {"--", "", "a b", "memory=1", "\xff\"\\"});
  Process process = launch(spec);
  EXPECT_EQ(fake::read_all(process.out()), "[--]\n[]\n[a b]\n[memory=1]\n[\xff\"\\]\n");
}

TEST(Launch, only_standard_streams_and_control_socket_are_open) {
  Fd leaked(::open("/etc/passwd", O_RDONLY));  // the application's, not close-on-exec
  Fd high(::fcntl(leaked.get(), F_DUPFD, 300));
  Process process = start_waiting();
  std::string folder = "/proc/" + std::to_string(process.pid()) + "/fd";
  EXPECT_EQ(fake::names_in(folder), (std::set<std::string>{"0", "1", "2", "3"}));
  auto target = [&](const char* fd) { return std::filesystem::read_symlink(folder + "/" + fd).string(); };
  EXPECT_EQ(target("0"), "/dev/null");
  EXPECT_EQ(target("1").rfind("pipe:", 0), 0u);
  EXPECT_EQ(target("2").rfind("pipe:", 0), 0u);
  EXPECT_NE(target("1"), target("2"));
  EXPECT_EQ(target("3").rfind("socket:", 0), 0u);
}

TEST(Launch, descriptors_of_the_host_are_closed_where_close_range_is_unknown) {
  EXPECT_EQ(in_child([] {
              Fd leaked(::open("/etc/passwd", O_RDONLY));
              forbid(SYS_close_range, ENOSYS);
              Process process = start_waiting();
              return fake::names_in("/proc/" + std::to_string(process.pid()) + "/fd").size() == 4;
            }),
            0);
}

TEST(Launch, control_socket_keeps_message_boundaries_both_ways) {
  Process process = launch(fake::shell("printf one >&3; printf two >&3; read x <&3; echo \"$x\""));
  EXPECT_EQ(fake::receive(process.control()), "one");
  EXPECT_EQ(fake::receive(process.control()), "two");
  ::send(process.control(), "\n", 1, MSG_NOSIGNAL);
  EXPECT_EQ(fake::receive(process.control()), "");
  int type = 0;
  socklen_t size = sizeof type;
  ::getsockopt(process.control(), SOL_SOCKET, SO_TYPE, &type, &size);
  EXPECT_EQ(type, SOCK_SEQPACKET);
}

TEST(Launch, descriptors_of_the_host_are_close_on_exec_and_output_is_not_blocking) {
  Process process = start_waiting();
  for (int fd : {process.pidfd(), process.control(), process.out(), process.err()}) {
    EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC) << fd;
  }
  EXPECT_TRUE(::fcntl(process.out(), F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(::fcntl(process.err(), F_GETFL) & O_NONBLOCK);
}

TEST(Launch, rights_and_limits_are_lowered) {
  LaunchSpec spec = fake::shell("kill -STOP $$");
  spec.memory = 64 << 20;
  Process process = start_waiting(spec);
  pid_t pid = process.pid();
  EXPECT_EQ(fake::status_field(pid, "NoNewPrivs"), "1");
  EXPECT_EQ(fake::status_field(pid, "Umask"), "0077");
  EXPECT_GE(std::stoi(fake::proc(pid, "oom_score_adj")), 800);
  EXPECT_EQ(limit(pid, "Max core file size"), "0 0");
  EXPECT_EQ(limit(pid, "Max open files"), "1024 1024");
  EXPECT_EQ(limit(pid, "Max file size"), "4294967296 4294967296");
  EXPECT_EQ(limit(pid, "Max data size"), "67108864 67108864");
}

TEST(Launch, memory_is_not_limited_unless_asked) {
  Process process = start_waiting();
  EXPECT_EQ(limit(process.pid(), "Max data size"), "unlimited unlimited");
}

TEST(Launch, memory_limit_holds) {
  LaunchSpec spec = fake::shell("x=$(head -c 100000000 /dev/zero | tr '\\0' x); echo reached ${#x}");
  spec.memory = 32 << 20;
  Process process = launch(spec);
  EXPECT_EQ(fake::read_all(process.out()), "");
  EXPECT_NE(process.wait_exit(kPatience)->text(), "exit status 0");
}

TEST(Launch, lower_limit_of_the_host_stays) {
  EXPECT_EQ(in_child([] {
              rlimit files{512, 512};
              ::setrlimit(RLIMIT_NOFILE, &files);
              Process process = start_waiting();
              return limit(process.pid(), "Max open files") == "512 512";
            }),
            0);
}

TEST(Launch, oom_score_is_above_that_of_a_host_whose_score_is_high) {
  EXPECT_EQ(in_child([] {
              std::ofstream("/proc/self/oom_score_adj") << 850;
              Process process = start_waiting();
              return fake::proc(process.pid(), "oom_score_adj") == "950\n";
            }),
            0);
}

TEST(Launch, signal_mask_and_ignored_signals_of_the_host_are_reset) {
  EXPECT_EQ(in_child([] {
              sigset_t all;
              ::sigfillset(&all);
              ::sigprocmask(SIG_BLOCK, &all, nullptr);
              ::signal(SIGPIPE, SIG_IGN);
              ::signal(SIGINT, SIG_IGN);
              LaunchSpec spec;  // not a shell, which would set some of its own
              spec.program = "/bin/cat";
              spec.arguments = {"/proc/self/status"};
              Process process = launch(spec);
              std::set<std::string> status = lines(fake::read_all(process.out()));
              return status.count("SigBlk:\t0000000000000000") == 1 &&
                     status.count("SigIgn:\t0000000000000000") == 1;
            }),
            0);
}

TEST(Launch, runner_leads_its_own_session) {
  Process process = start_waiting();
  EXPECT_EQ(::getsid(process.pid()), process.pid());
  EXPECT_EQ(::getpgid(process.pid()), process.pid());
}

TEST(Launch, private_folder_is_home_and_working_directory_of_nobody_else) {
  Process process = start_waiting(fake::shell("[ \"$(pwd -P)\" = \"$HOME\" ] && kill -STOP $$"));
  struct stat info {};
  ASSERT_EQ(::stat(process.directory().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_EQ(fake::names_in(process.directory()).size(), 0u);
}

TEST(Launch, given_directory_is_the_working_directory_and_stays) {
  fake::TempFolder folder;
  LaunchSpec spec = fake::shell("pwd -P");
  spec.directory = folder.path();
  { EXPECT_EQ(fake::read_all(launch(spec).out()), folder.path() + "\n"); }
  EXPECT_TRUE(std::filesystem::exists(folder.path()));
}

TEST(Launch, tmpdir_of_the_host_is_used_if_it_is_a_folder) {
  fake::TempFolder folder;
  Variable tmpdir("TMPDIR", folder.path().c_str());
  EXPECT_EQ(launch(fake::shell("")).directory().rfind(folder.path() + "/", 0), 0u);
  Variable missing("TMPDIR", "/does/not/exist");
  EXPECT_EQ(launch(fake::shell("")).directory().rfind("/tmp/", 0), 0u);
}

TEST(Launch, temporary_folder_that_cannot_be_written_is_named_with_the_way_out) {
  Variable tmpdir("TMPDIR", "/proc");
  try {
    launch(fake::shell(""));
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::Io);
    EXPECT_EQ(error.message().rfind("start runner: make a folder in `/proc`: ", 0), 0u) << error.message();
    EXPECT_NE(error.hint().find("set TMPDIR"), std::string::npos);
  }
}

TEST(Launch, runner_outlives_the_thread_that_launched_it) {
  std::optional<Process> process;
  std::thread([&] { process.emplace(start_waiting()); }).join();
  EXPECT_FALSE(process->wait_exit(100ms));
}

TEST(Launch, many_threads_may_launch_at_once) {
  std::vector<std::thread> threads;
  std::vector<int> good(8);
  for (int& count : good) {
    threads.emplace_back([&count] {
      for (int i = 0; i < 10; ++i) count += runs_to_exit_9();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, std::vector<int>(8, 10));
}

// ---- Hosts in a difficult position

TEST(Launch, host_without_standard_streams_can_launch) {
  EXPECT_EQ(in_child([] {
              for (int fd = 0; fd < 16; ++fd) ::close(fd);
              return runs_to_exit_9();
            }),
            0);
}

TEST(Launch, stub_is_executed_from_a_file_where_memory_files_are_forbidden) {
  EXPECT_EQ(in_child([] {
              forbid(SYS_memfd_create, EACCES);
              return runs_to_exit_9();
            }),
            0);
}

TEST(Launch, stub_file_works_from_many_threads_and_is_removed) {
  EXPECT_EQ(in_child([] {
              forbid(SYS_memfd_create, ENOSYS);
              std::vector<std::thread> threads;
              std::vector<int> good(4);
              for (int& count : good)
                threads.emplace_back([&count] {
                  for (int i = 0; i < 10; ++i) count += runs_to_exit_9();
                });
              for (auto& thread : threads) thread.join();
              Process process = start_waiting();
              return good == std::vector<int>(4, 10) && fake::names_in(process.directory()).empty();
            }),
            0);
}

TEST(Launch, group_is_ended_where_pidfds_cannot_signal_groups) {
  EXPECT_EQ(in_child([] {
              forbid(SYS_pidfd_send_signal, EINVAL, 3);  // Linux before 6.9 knows no flags
              Process process = launch(fake::shell("sleep 3600 >/dev/null 2>&1 & echo $!; wait"));
              pid_t child = std::stoi(fake::read_until(process.out(), "\n"));
              process.terminate(0ms);
              auto deadline = std::chrono::steady_clock::now() + kPatience;
              while (fake::is_running(child) && std::chrono::steady_clock::now() < deadline)
                std::this_thread::yield();
              return !fake::is_running(child);
            }),
            0);
}

TEST(Launch, used_up_descriptors_are_an_error_that_leaves_nothing) {
  fake::TempFolder folder;
  Variable tmpdir("TMPDIR", folder.path().c_str());
  EXPECT_EQ(in_child([] {
              bool good = true;
              for (rlim_t files = 3; files < 30; ++files) {
                rlimit tight{files, 4096};
                ::setrlimit(RLIMIT_NOFILE, &tight);
                try {
                  launch(fake::shell("exit 0"));
                } catch (const Error& e) {
                  good =
                      good && (e.code() == Code::Io || e.code() == Code::RunnerStart) && !e.message().empty();
                }
              }
              return good && ::waitpid(-1, nullptr, WNOHANG) == -1;
            }),
            0);
  EXPECT_TRUE(fake::names_in(folder.path()).empty());
}

TEST(Launch, two_hundred_launches_leak_no_descriptor_and_no_folder) {
  fake::TempFolder folder;
  Variable tmpdir("TMPDIR", folder.path().c_str());
  launch(fake::shell("exit 0")).wait_exit(kPatience);
  size_t before = fake::open_descriptors();
  for (int i = 0; i < 200; ++i) {
    LaunchSpec spec = fake::shell("exit 0");
    if (i % 4 == 1) spec.program = "/does/not/exist";
    if (i % 4 == 2) spec = fake::shell("exec sleep 3600");
    Process process = launch(spec);
    if (i % 4 == 3) process.wait_exit(kPatience);
  }
  EXPECT_EQ(fake::open_descriptors(), before);
  EXPECT_TRUE(fake::names_in(folder.path()).empty());
}

// ---- Programs that cannot be executed

struct Failure {
  Error error;
  milliseconds took;
};

// The error a user gets for a program that cannot be started.
Failure failure_of(const LaunchSpec& spec) {
  auto start = std::chrono::steady_clock::now();
  Process process = launch(spec);
  auto message = nlohmann::json::parse(fake::receive(process.control()));
  EXPECT_EQ(message["type"], kExecFailed);
  EXPECT_EQ(process.wait_exit(kPatience)->text(), "exit status 127");
  auto took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
  return {start_error(spec.program, std::string(message["step"]), message["errno"], "last words"), took};
}

class BadProgram : public ::testing::Test {
 protected:
  Failure start(const std::string& program) {
    LaunchSpec spec;
    spec.program = program;
    return failure_of(spec);
  }
  fake::TempFolder folder_;
};

TEST_F(BadProgram, missing_one_is_named_within_a_second) {
  Failure failure = start(folder_ / "runner");
  EXPECT_EQ(failure.error.code(), Code::RunnerStart);
  EXPECT_EQ(failure.error.message(),
            "runner `" + (folder_ / "runner") + "` could not be started: No such file or directory");
  EXPECT_EQ(failure.error.log(), "last words");
  EXPECT_LT(failure.took, 1000ms);
}

TEST_F(BadProgram, one_that_is_not_executable_says_how_to_make_it_so) {
  Failure failure = start(folder_.write("runner", "#!/bin/sh\nexit 0\n", 0644));
  EXPECT_NE(failure.error.message().find("Permission denied"), std::string::npos);
  EXPECT_NE(failure.error.hint().find("chmod +x"), std::string::npos);
  EXPECT_LT(failure.took, 1000ms);
}

TEST_F(BadProgram, damaged_elf_is_named_as_damaged) {
  Failure failure = start(folder_.write("runner",
                                        "\x7f"
                                        "ELF, but then nothing",
                                        0755));
  EXPECT_NE(failure.error.message().find("Exec format error (the file is damaged"), std::string::npos);
  EXPECT_LT(failure.took, 1000ms);
}

TEST_F(BadProgram, empty_file_is_not_run_by_a_shell) {
  EXPECT_NE(start(folder_.write("runner", "", 0755)).error.message().find("Exec format error"),
            std::string::npos);
}

TEST_F(BadProgram, missing_interpreter_is_told_from_a_missing_file) {
  Failure failure = start(folder_.write("runner", "#!/no/such/interpreter\n", 0755));
  EXPECT_NE(failure.error.message().find("No such file or directory (the file is there; the interpreter"),
            std::string::npos);
  EXPECT_LT(failure.took, 1000ms);
}

TEST_F(BadProgram, folder_is_refused) {
  EXPECT_NE(start(folder_.path()).error.message().find("Permission denied"), std::string::npos);
}

TEST_F(BadProgram, missing_working_directory_is_named_as_the_step_that_failed) {
  LaunchSpec spec = fake::shell("exit 0");
  spec.directory = folder_ / "absent";
  Failure failure = failure_of(spec);
  EXPECT_EQ(failure.error.message(),
            "runner `/bin/sh` could not be started: change_directory: No such file or directory");
}

}  // namespace
}  // namespace carton
