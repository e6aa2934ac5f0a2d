// Watches over one life of a runner: reads its control messages, drains its stdout and stderr, learns
// of its end, and ends it. One thread per life, which no call waits behind.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/error.h"
#include "base/fd.h"
#include "runner/output_tail.h"
#include "runner/process.h"

namespace carton {

class Supervisor {
 public:
  // All called on the supervisor's thread, no lock held.
  struct Hooks {
    std::function<void(int32_t level, const char* source, const std::string& line)> log;
    std::function<void(const Error& error)> ended;  // exactly once, when the runner is known to be gone
    std::function<int()> maintain;                  // milliseconds until it wants to run again; -1: not
  };

  Supervisor(Process process, std::string name, std::string program, Hooks hooks);
  ~Supervisor();  // close(), then waits for the thread

  pid_t pid() const { return process_.pid(); }
  bool ended() const { return ended_.load(std::memory_order_acquire); }

  // Throws the runner's end as RUNNER_CRASHED (or why it was ended), LIMIT, IO. A runner that has not
  // made room by the deadline (CLOCK_MONOTONIC ns) is killed: RUNNER_TIMEOUT.
  void send(const nlohmann::json& message, int64_t deadline_ns, int fd = -1);
  // The next hello, loaded or error message. At the deadline (CLOCK_MONOTONIC ns) the runner is killed
  // and RUNNER_TIMEOUT thrown, naming `step`.
  nlohmann::json wait_reply(int64_t deadline_ns, const std::string& step);

  // Ends the runner; every later failure is `reason`. Returns at once.
  void kill(Error reason);
  // Asks the runner to end, insists after two seconds, and waits. Later failures are `reason`. Throws
  // INVALID on the supervisor's own thread (from a log callback), which cannot wait for itself.
  void close(Error reason);
  bool on_own_thread() const { return std::this_thread::get_id() == thread_.get_id(); }
  // Has `maintain` called soon.
  void poke();
  // Why the runner is gone; waits until that is known.
  Error end_reason();

 private:
  enum class Order { None, Close, Kill };

  void run();
  void poll_once();
  void read_control();
  [[noreturn]] void time_out(const std::string& step);
  void handle(const std::string& text);
  void drain(OutputTail& output, int fd, int32_t level);
  void finish();
  Error crash_error(const ExitStatus& status);
  void order(Order order, Error reason);

  Process process_;
  std::string name_, program_;
  Hooks hooks_;
  Fd wake_;
  OutputTail stdout_{"stdout"}, stderr_{"stderr"};
  bool control_open_ = true;
  int64_t close_deadline_ns_ = 0;  // of an orderly close; thread only

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> replies_;
  Order order_ = Order::None;
  std::optional<Error> reason_;  // why it is being ended, or how it ended
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace carton
