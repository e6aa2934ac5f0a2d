#include "runner/process.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/strings.h"

namespace carton {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A SIGKILL that takes longer than this (a process stuck in the kernel) is no longer waited for.
constexpr milliseconds kKillPatience{10'000};

constexpr unsigned kSignalGroup = 1U << 2;  // PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9

long pidfd_signal(int pidfd, int signal, unsigned flags) {
  return ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, flags);
}

// Is the pidfd's process our child and not reaped yet? Then its pid, and the group of that number,
// cannot have gone to anyone else.
bool is_unreaped(int pidfd) {
  siginfo_t info{};
  return ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info,
                  WEXITED | WNOHANG | WNOWAIT) == 0;
}

void signal_group(pid_t pid, int pidfd, int signal) {
  if (pidfd_signal(pidfd, signal, kSignalGroup) == 0 || errno != EINVAL) return;
  if (is_unreaped(pidfd)) ::kill(-pid, signal);
}

// True when the pidfd tells of the end; false when `timeout` has passed.
bool poll_end(int pidfd, milliseconds timeout) {
  const bool endless = timeout < milliseconds::zero();
  const auto deadline =
      Clock::now() + (endless ? milliseconds::zero() : std::min(timeout, milliseconds{INT_MAX}));
  for (;;) {
    int wait_ms = -1;
    if (!endless) {
      auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
      wait_ms = static_cast<int>(std::max<long long>(left, 0));
    }
    pollfd descriptor{pidfd, POLLIN, 0};
    int ready = ::poll(&descriptor, 1, wait_ms);
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

ExitStatus reap(int pidfd) {
  siginfo_t info{};
  int result;
  do {
    result = ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info, WEXITED);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return {};  // ECHILD: somebody else has the status
  if (info.si_code == CLD_EXITED) return {ExitStatus::Kind::Exited, info.si_status, false};
  return {ExitStatus::Kind::Signalled, info.si_status, info.si_code == CLD_DUMPED};
}

const char* signal_meaning(int signal) {
  switch (signal) {
    case SIGKILL:
      return ", likely out of memory or killed";
    case SIGSEGV:
    case SIGBUS:
      return ", an invalid memory access";
    case SIGABRT:
      return ", it gave up on an internal error";
    case SIGILL:
      return ", an instruction that this CPU does not have";
    case SIGSYS:
      return ", a system call that is not allowed";
    case SIGXFSZ:
      return ", a file larger than its limit";
    default:
      return "";
  }
}

}  // namespace

std::string ExitStatus::text() const {
  if (kind == Kind::Exited) return carton::text("exit status ", value);
  if (kind == Kind::Unknown)
    return "unknown exit status (the application waits for the host's children itself)";
  const char* name = ::sigabbrev_np(value);
  std::string out = carton::text("signal ", value);
  if (name != nullptr) out += carton::text(" (SIG", name, ")");
  return out + signal_meaning(value);
}

struct Process::State {
  Parts parts;
  pid_t host = ::getpid();
  std::mutex mutex;  // guards status, and that nobody signals a process that is being reaped
  std::optional<ExitStatus> status;

  // The process has ended, but is a zombie still: what it leaves behind in its group ends with it.
  ExitStatus reap_once() {
    std::lock_guard lock(mutex);
    if (!status) {
      signal_group(parts.pid, parts.pidfd.get(), SIGKILL);
      status = reap(parts.pidfd.get());
    }
    return *status;
  }

  void signal(int signal) {
    std::lock_guard lock(mutex);
    if (status) return;
    signal_group(parts.pid, parts.pidfd.get(), signal);
    pidfd_signal(parts.pidfd.get(), signal, 0);  // should it have left its group
  }

  bool is_forked_copy() const { return ::getpid() != host; }
};

Process::Process(Parts parts) : state_(std::make_unique<State>()) {
  if (!parts.pidfd) state_->status = ExitStatus{};
  state_->parts = std::move(parts);
}

Process::Process(Process&&) noexcept = default;

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    Process old(std::move(*this));
    state_ = std::move(other.state_);
  }
  return *this;
}

Process::~Process() {
  if (!state_ || state_->is_forked_copy()) return;
  terminate(milliseconds::zero());
  const std::string directory = std::move(state_->parts.directory);
  state_.reset();  // closes the descriptors: removing a folder needs some
  std::error_code ignored;
  if (!directory.empty()) std::filesystem::remove_all(directory, ignored);
}

pid_t Process::pid() const { return state_->parts.pid; }
int Process::pidfd() const { return state_->parts.pidfd.get(); }
int Process::control() const { return state_->parts.control.get(); }
int Process::out() const { return state_->parts.out.get(); }
int Process::err() const { return state_->parts.err.get(); }
const std::string& Process::directory() const { return state_->parts.directory; }

std::optional<ExitStatus> Process::wait_exit(milliseconds timeout) {
  {
    std::lock_guard lock(state_->mutex);
    if (state_->status) return state_->status;
  }
  if (!poll_end(state_->parts.pidfd.get(), timeout)) return std::nullopt;
  return state_->reap_once();
}

ExitStatus Process::terminate(milliseconds grace) {
  if (grace > milliseconds::zero()) {
    state_->signal(SIGTERM);
    if (auto status = wait_exit(grace)) return *status;
  }
  state_->signal(SIGKILL);
  return wait_exit(kKillPatience).value_or(ExitStatus{});
}

}  // namespace carton
