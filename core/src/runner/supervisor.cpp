#include "runner/supervisor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/strings.h"
#include "runner/launch.h"
#include "shm/futex.h"
#include "wire/control.h"

namespace carton {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kCloseGrace = 2'000 * kMillisecond;
constexpr int32_t kInfo = 2, kWarning = 3;
// Of one round: a flood on the socket cannot keep the thread from its other duties.
constexpr int kMessagesAtOnce = 64;
// What a socket can still hold of a runner that is gone.
constexpr int kLastMessages = 1024;
// The host asks one thing at a time.
constexpr size_t kMaxReplies = 4;

}  // namespace

Supervisor::Supervisor(Process process, std::string name, std::string program, Hooks hooks)
    : process_(std::move(process)),
      name_(std::move(name)),
      program_(std::move(program)),
      hooks_(std::move(hooks)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw os_error("eventfd", errno);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    throw Error(Code::Io, text("start the thread that watches over the runner: ", error.code().message()),
                "raise the limit of processes and threads (ulimit -u, or the container's pids limit)");
  }
}

Supervisor::~Supervisor() {
  close(Error(Code::Closed, "the model is closed"));
  thread_.join();
}

void Supervisor::send(const nlohmann::json& message, int64_t deadline_ns, int fd) {
  if (ended()) throw end_reason();
  try {
    wire::send_control(process_.control(), message, fd, deadline_ns);
  } catch (const Error& error) {
    if (error.code() == Code::RunnerTimeout) time_out("read what the host sends");
    if (error.code() != Code::RunnerCrashed) throw;
    // The peer is gone: its end says more than EPIPE does. One that only closed its socket is ended.
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, milliseconds(1000), [&] { return ended(); })) throw Error(*reason_);
    lock.unlock();
    kill(Error(Code::RunnerProtocol, "the runner " + name_ + " closed its control socket"));
    throw end_reason();
  }
}

nlohmann::json Supervisor::wait_reply(int64_t deadline_ns, const std::string& step) {
  std::unique_lock lock(mutex_);
  auto ready = [&] { return !replies_.empty() || ended(); };
  if (deadline_ns == shm::kForever) {
    changed_.wait(lock, ready);
  } else {
    // steady_clock is CLOCK_MONOTONIC.
    std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(deadline_ns)};
    if (!changed_.wait_until(lock, until, ready)) {
      lock.unlock();
      time_out(step);
    }
  }
  if (replies_.empty()) throw Error(*reason_);
  std::string text = std::move(replies_.front());
  replies_.pop_front();
  lock.unlock();
  return wire::parse_control(text);
}

void Supervisor::time_out(const std::string& step) {
  kill(Error(Code::RunnerTimeout, "the runner " + name_ + " did not " + step + " in time and was ended",
             "give a longer timeout, or look at what the model does while it loads"));
  throw end_reason();
}

void Supervisor::order(Order order, Error reason) {
  {
    std::lock_guard lock(mutex_);
    if (order > order_) order_ = order;
    if (!reason_) reason_ = std::move(reason);
  }
  poke();
}

void Supervisor::kill(Error reason) { order(Order::Kill, std::move(reason)); }

void Supervisor::close(Error reason) {
  if (on_own_thread() && !ended()) {
    throw Error(Code::Invalid, "a model cannot be closed in its own log callback",
                "close it on another thread");
  }
  order(Order::Close, std::move(reason));
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended(); });
}

void Supervisor::poke() {
  uint64_t one = 1;
  // A full counter already wakes the thread.
  [[maybe_unused]] ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

Error Supervisor::end_reason() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended(); });
  return *reason_;
}

void Supervisor::run() {
  while (!ended()) poll_once();
}

void Supervisor::poll_once() {
  Order order;
  {
    std::lock_guard lock(mutex_);
    order = order_;
  }
  int timeout = hooks_.maintain();
  if (order == Order::Close && close_deadline_ns_ == 0) {
    wire::try_send_control(process_.control(), {{"type", "close"}});
    close_deadline_ns_ = shm::now_ns() + kCloseGrace;
  }
  if (order == Order::Kill || (close_deadline_ns_ != 0 && shm::now_ns() >= close_deadline_ns_))
    return finish();
  if (process_.wait_exit(milliseconds(0))) return finish();
  if (close_deadline_ns_ != 0) {
    int left = static_cast<int>((close_deadline_ns_ - shm::now_ns()) / kMillisecond) + 1;
    timeout = timeout < 0 ? left : std::min(timeout, left);
  }

  pollfd watched[5] = {{wake_.get(), POLLIN, 0},
                       {process_.pidfd(), POLLIN, 0},
                       {stdout_.open() ? process_.out() : -1, POLLIN, 0},
                       {stderr_.open() ? process_.err() : -1, POLLIN, 0},
                       {control_open_ ? process_.control() : -1, POLLIN, 0}};
  if (::poll(watched, 5, timeout) < 0 && errno != EINTR) return finish();
  uint64_t ignored;
  [[maybe_unused]] ssize_t got = ::read(wake_.get(), &ignored, sizeof ignored);
  drain(stdout_, process_.out(), kInfo);
  drain(stderr_, process_.err(), kWarning);
  if (control_open_) read_control();
}

void Supervisor::read_control() {
  try {
    bool closed = false;
    for (int i = 0; i < kMessagesAtOnce; ++i) {
      auto message = wire::receive_control(process_.control(), &closed);
      if (!message) break;
      handle(message->text);
    }
    if (!closed) return;
    control_open_ = false;
    // Either its last breath, or a runner that went out of step: it gets a moment to be the first.
    if (!process_.wait_exit(milliseconds(1000))) {
      kill(Error(Code::RunnerProtocol, "the runner " + name_ + " closed its control socket and was ended"));
    }
  } catch (const Error& error) {
    control_open_ = false;
    kill(error.within("runner " + name_));
  }
}

void Supervisor::handle(const std::string& text) {
  nlohmann::json message = wire::parse_control(text);
  std::string type = wire::text_member(message, "type");
  if (type == "log") {
    auto level =
        static_cast<int32_t>(std::clamp<int64_t>(wire::number_member(message, "level", kInfo), 0, 4));
    hooks_.log(level, "runner", printable(wire::text_member(message, "message")));
  } else if (type == kExecFailed) {
    auto number = static_cast<int>(wire::number_member(message, "errno", 0));
    drain(stderr_, process_.err(), kWarning);
    kill(start_error(program_, wire::text_member(message, "step"), number, stderr_.tail()));
  } else if (type == "hello" || type == "loaded" || type == "error") {
    std::lock_guard lock(mutex_);
    if (replies_.size() >= kMaxReplies) throw Error(Code::RunnerProtocol, "replies that nobody asked for");
    replies_.push_back(text);
    changed_.notify_all();
  }
}

void Supervisor::drain(OutputTail& output, int fd, int32_t level) {
  char buffer[16 * 1024];
  auto on_line = [&](const std::string& line) { hooks_.log(level, output.source(), line); };
  // Bounded, so that a flood on one stream cannot keep the thread from its other duties.
  for (int i = 0; i < 64 && output.open(); ++i) {
    ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      output.flush(on_line);
      output.set_closed();
      return;
    }
    output.add(std::string_view(buffer, static_cast<size_t>(got)), on_line);
  }
}

void Supervisor::finish() {
  ExitStatus status;
  if (auto exited = process_.wait_exit(milliseconds(0))) {
    status = *exited;
  } else {
    status = process_.terminate(milliseconds(0));
  }
  // An exec failure or a last log line may still wait on the socket.
  bool closed = false;
  try {
    for (int i = 0; i < kLastMessages; ++i) {
      auto message = wire::receive_control(process_.control(), &closed);
      if (!message) break;
      handle(message->text);
    }
  } catch (const Error&) {
    // What a dead runner left behind changes nothing.
  }
  drain(stdout_, process_.out(), kInfo);
  drain(stderr_, process_.err(), kWarning);
  auto flush = [&](OutputTail& output, int32_t level) {
    output.flush([&](const std::string& line) { hooks_.log(level, output.source(), line); });
  };
  flush(stdout_, kInfo);
  flush(stderr_, kWarning);
  Error reason(Code::Internal, "");
  {
    std::lock_guard lock(mutex_);
    if (!reason_) reason_ = crash_error(status);
    if (reason_->log().empty()) {
      reason_ = Error(reason_->code(), reason_->message(), reason_->hint(), stderr_.tail());
    }
    reason = *reason_;
  }
  // First the hook: whoever has waited for the end finds no call in flight, and none held by this thread.
  hooks_.ended(reason);
  {
    std::lock_guard lock(mutex_);
    ended_.store(true, std::memory_order_release);
  }
  changed_.notify_all();
}

Error Supervisor::crash_error(const ExitStatus& status) {
  return Error(Code::RunnerCrashed, "the runner " + name_ + " ended unexpectedly: " + status.text(),
               "its last output is attached; load the model again to start a new runner");
}

}  // namespace carton
