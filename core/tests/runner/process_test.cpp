#include "runner/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <memory>
#include <thread>

#include "fake_runner.h"

namespace carton {
namespace {

using namespace std::chrono_literals;
using Kind = ExitStatus::Kind;

constexpr auto kPatience = fake::kPatience;

// A process that says its background child's pid, which would live on for an hour.
struct Family {
  Process leader;
  pid_t child;
};

Family start_family(const std::string& then) {
  Process leader = launch(fake::shell("sleep 3600 >/dev/null 2>&1 & echo $!; " + then));
  pid_t child = std::stoi(fake::read_until(leader.out(), "\n"));
  return {std::move(leader), child};
}

// Orphans are reaped by init, or by whoever is the subreaper: not at once.
bool ends_soon(pid_t pid) {
  auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (fake::is_running(pid)) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

TEST(ExitStatus, exit_status_is_shown_as_a_number) {
  EXPECT_EQ((ExitStatus{Kind::Exited, 3, false}).text(), "exit status 3");
}

TEST(ExitStatus, signal_is_shown_by_number_name_and_likely_cause) {
  EXPECT_EQ((ExitStatus{Kind::Signalled, SIGKILL, false}).text(),
            "signal 9 (SIGKILL), likely out of memory or killed");
  EXPECT_EQ((ExitStatus{Kind::Signalled, SIGSEGV, true}).text(),
            "signal 11 (SIGSEGV), an invalid memory access");
  EXPECT_EQ((ExitStatus{Kind::Signalled, SIGTERM, false}).text(), "signal 15 (SIGTERM)");
  EXPECT_EQ((ExitStatus{Kind::Signalled, 63, false}).text(), "signal 63");
}

TEST(ExitStatus, unknown_says_who_took_it) {
  EXPECT_NE(ExitStatus{}.text().find("the application waits"), std::string::npos);
}

TEST(Process, exit_status_is_reported) {
  Process process = launch(fake::shell("exit 3"));
  auto status = process.wait_exit(kPatience);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->text(), "exit status 3");
  EXPECT_EQ(process.wait_exit(0ms)->text(), "exit status 3") << "asked again";
}

TEST(Process, signal_is_reported) {
  Process process = launch(fake::shell("kill -SEGV $$"));
  auto status = process.wait_exit(kPatience);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->kind, Kind::Signalled);
  EXPECT_EQ(status->value, SIGSEGV);
}

TEST(Process, running_process_has_no_status_and_the_timeout_is_kept) {
  Process process = launch(fake::shell("exec sleep 3600"));
  EXPECT_FALSE(process.wait_exit(0ms));
  auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(process.wait_exit(50ms));
  auto took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took, 50ms);
  EXPECT_LT(took, 5s);
}

TEST(Process, end_is_seen_without_a_timeout) {
  Process process = launch(fake::shell("exit 0"));
  EXPECT_EQ(process.wait_exit(-1ms)->text(), "exit status 0");
}

TEST(Process, many_waiters_get_the_same_status) {
  Process process = launch(fake::shell("read x; exit 7"));  // stdin is /dev/null: ends at once
  std::vector<std::string> texts(8);
  std::vector<std::thread> threads;
  for (auto& out : texts) {
    threads.emplace_back([&] { out = process.wait_exit(kPatience).value_or(ExitStatus{}).text(); });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& out : texts) EXPECT_EQ(out, "exit status 7");
}

TEST(Process, terminate_lets_the_process_end_by_itself) {
  Process process = launch(fake::shell("trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done"));
  fake::read_until(process.out(), "ready");
  EXPECT_EQ(process.terminate(kPatience).text(), "exit status 5");
}

TEST(Process, terminate_kills_what_ignores_it_after_the_grace) {
  Process process = launch(fake::shell("trap '' TERM; echo ready; while :; do sleep 1; done"));
  fake::read_until(process.out(), "ready");
  auto start = std::chrono::steady_clock::now();
  ExitStatus status = process.terminate(100ms);
  auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(status.value, SIGKILL);
  EXPECT_GE(took, 100ms);
  EXPECT_LT(took, 5s);
}

TEST(Process, terminate_without_grace_kills_at_once) {
  Process process = launch(fake::shell("exec sleep 3600"));
  ExitStatus status = process.terminate(0ms);
  EXPECT_EQ(status.kind, Kind::Signalled);
  EXPECT_EQ(status.value, SIGKILL);
}

TEST(Process, terminate_ends_a_stopped_process) {
  Process process = launch(fake::shell("trap 'exit 5' TERM; echo ready; while :; do sleep 1; done"));
  fake::read_until(process.out(), "ready");
  ::kill(process.pid(), SIGSTOP);
  EXPECT_EQ(process.terminate(20ms).value, SIGKILL);
}

TEST(Process, terminate_after_the_end_gives_the_status_again) {
  Process process = launch(fake::shell("exit 4"));
  process.wait_exit(kPatience);
  EXPECT_EQ(process.terminate(1s).text(), "exit status 4");
}

TEST(Process, children_of_the_runner_end_with_terminate) {
  Family family = start_family("exec sleep 3600");
  EXPECT_TRUE(fake::is_running(family.child));
  family.leader.terminate(0ms);
  EXPECT_TRUE(ends_soon(family.child));
}

TEST(Process, children_of_a_runner_that_died_end_when_it_is_reaped) {
  Family family = start_family("exit 1");
  EXPECT_EQ(family.leader.wait_exit(kPatience)->text(), "exit status 1");
  EXPECT_TRUE(ends_soon(family.child));
}

TEST(Process, destructor_leaves_no_process_no_zombie_and_no_folder) {
  pid_t leader, child;
  std::string folder;
  {
    Family family = start_family("exec sleep 3600");
    leader = family.leader.pid();
    child = family.child;
    folder = family.leader.directory();
    EXPECT_TRUE(std::filesystem::is_directory(folder));
  }
  EXPECT_EQ(fake::status_field(leader, "State"), "<absent>");
  EXPECT_TRUE(ends_soon(child));
  EXPECT_FALSE(has_children());
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(Process, destructor_removes_a_full_folder_but_not_what_links_in_it_point_to) {
  fake::TempFolder outside;
  std::string kept = outside.write("kept", "precious");
  std::string folder;
  {
    Process process = launch(fake::shell("mkdir -p a/b/c; echo x > a/b/c/file; ln -s " + outside.path() +
                                         " link; ln -s " + kept + " a/link; exit 0"));
    folder = process.directory();
    process.wait_exit(kPatience);
    EXPECT_TRUE(std::filesystem::exists(folder + "/a/b/c/file"));
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_EQ(fake::slurp(kept), "precious");
}

TEST(Process, assignment_ends_the_process_that_was_held_before) {
  Process process = launch(fake::shell("exec sleep 3600"));
  pid_t first = process.pid();
  process = launch(fake::shell("exec sleep 3600"));
  EXPECT_NE(process.pid(), first);
  EXPECT_EQ(fake::status_field(first, "State"), "<absent>");
  EXPECT_FALSE(process.wait_exit(0ms));
}

TEST(Process, forked_child_of_the_host_does_not_end_it) {
  auto process = std::make_unique<Process>(launch(fake::shell("exec sleep 3600")));
  pid_t forked = ::fork();
  if (forked == 0) {
    process.reset();
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(forked, nullptr, 0), forked);
  EXPECT_FALSE(process->wait_exit(0ms));
  EXPECT_TRUE(std::filesystem::exists(process->directory()));
}

TEST(Process, control_socket_tells_of_the_end) {
  Process process = launch(fake::shell("exit 0"));
  EXPECT_EQ(fake::receive(process.control()), "");
}

// ---- Hosts that take the exit status of every child

class IgnoredChildren : public ::testing::Test {
 protected:
  IgnoredChildren() { old_ = ::signal(SIGCHLD, SIG_IGN); }
  ~IgnoredChildren() override { ::signal(SIGCHLD, old_); }

 private:
  sighandler_t old_;
};

TEST_F(IgnoredChildren, end_is_seen_with_an_unknown_status) {
  Process process = launch(fake::shell("read x <&3; exit 3"));
  EXPECT_FALSE(process.wait_exit(0ms));
  ::shutdown(process.control(), SHUT_RDWR);
  auto status = process.wait_exit(kPatience);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->kind, Kind::Unknown);
}

TEST_F(IgnoredChildren, terminate_ends_the_whole_group) {
  Family family = start_family("exec sleep 3600");
  family.leader.terminate(0ms);
  EXPECT_TRUE(ends_soon(family.leader.pid()));
  EXPECT_TRUE(ends_soon(family.child));
}

TEST_F(IgnoredChildren, hundred_processes_that_end_at_once_are_all_seen) {
  for (int i = 0; i < 100; ++i) {
    Process process = launch(fake::shell("exit 1"));
    ASSERT_TRUE(process.wait_exit(kPatience)) << i;
  }
}

class Thief {  // waits for any child of the process, as some frameworks do
 public:
  Thief() {
    thread_ = std::thread([this] {
      while (!stop_) {
        if (::waitpid(-1, nullptr, WNOHANG) <= 0) std::this_thread::yield();
      }
    });
  }
  ~Thief() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

TEST(Process, thread_that_waits_for_any_child_does_not_hide_the_end) {
  Thief thief;
  for (int i = 0; i < 50; ++i) {
    Process process = launch(fake::shell("exit 6"));
    auto status = process.wait_exit(kPatience);
    ASSERT_TRUE(status) << i;
    if (status->kind != Kind::Unknown) {
      EXPECT_EQ(status->text(), "exit status 6");
    }
  }
}

TEST(Process, thread_that_waits_for_any_child_does_not_prevent_its_end) {
  Thief thief;
  for (int i = 0; i < 20; ++i) {
    Family family = start_family("exec sleep 3600");
    family.leader.terminate(0ms);
    ASSERT_TRUE(ends_soon(family.leader.pid()));
    ASSERT_TRUE(ends_soon(family.child));
  }
}

}  // namespace
}  // namespace carton
