// The host's end of one runner: handshake, files, load, and calls through the slots of the shared
// regions (spec/transport.md). Any thread. A waiting caller watches its own slot; no thread sits
// between it and the runner.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fork.h"
#include "runner/call.h"
#include "runner/process.h"
#include "runner/regions.h"
#include "runner/supervisor.h"
#include "shm/spin.h"
#include "tensor/tensor.h"

namespace carton {

struct ClientOptions {
  std::string name, program;     // of the runner, for messages
  uint64_t region_capacity = 0;  // bytes per direction
  // An abandoned call that still runs this long after ends the runner; negative: never.
  int64_t kill_after_ms = 30'000;
  std::function<void(int32_t level, const char* source, const std::string& line)> log;
};

class RunnerClient : public std::enable_shared_from_this<RunnerClient> {
 public:
  // The last reference may be dropped on any thread, the supervisor's own included.
  static std::shared_ptr<RunnerClient> create(Process process, ClientOptions options);
  ~RunnerClient();

  // Throws RUNNER_START, RUNNER_CRASHED, RUNNER_TIMEOUT, RUNNER_PROTOCOL.
  void handshake(int64_t deadline_ns);
  // `fd` stays open until load() has returned. One thread only.
  void send_file(const std::string& name, int fd, uint64_t offset, uint64_t size, int64_t deadline_ns);
  void load(const nlohmann::json& request, int64_t deadline_ns);

  // Starts an inference; queues it when every slot is taken. `deadline_ns` of CLOCK_MONOTONIC.
  std::shared_ptr<Call> start(NamedTensors inputs, int64_t deadline_ns);

  void close();
  pid_t pid() const;  // 0: the runner has ended, or is being closed
  const std::string& name() const { return options_.name; }

 private:
  friend class Call;

  struct Slot {
    std::shared_ptr<Call> call;  // nullptr: free or abandoned
    uint32_t sequence = 0;
    int64_t abandoned_ns = 0;  // 0: not abandoned
    uint64_t request_id = 0;
    std::vector<uint64_t> blocks;  // of the request arena
  };

  RunnerClient(Process process, ClientOptions options);

  void submit(const std::shared_ptr<Call>& call, uint32_t slot);
  void publish(uint32_t slot);
  NamedTensors collect(uint32_t slot, uint64_t request_id);
  std::vector<std::byte> copy_body(uint32_t slot);
  NamedTensors to_tensors(wire::Message message);
  void recycle(uint32_t slot);
  std::optional<uint32_t> take_slot_locked();
  std::shared_ptr<Call> pop_queued_locked();
  bool wait(Call& call, int64_t until_ns);
  void sleep(Call& call, int64_t until_ns);
  void collect_for_queued();
  void finish(Call& call);
  void give_up(Call& call, Error reason);
  bool response_done(uint32_t slot, uint32_t sequence) const;
  int maintain();
  bool is_overdue_locked(int64_t now);
  void fail_all(const Error& reason);

  ClientOptions options_;
  ForkGuard fork_;
  std::shared_ptr<Regions> regions_;
  shm::Spinner spinner_;
  std::map<int, uint64_t> sent_descriptors_;  // by send_file: descriptor -> its number on the wire

  mutable std::mutex mutex_;  // slots, queue, submission ring
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::deque<std::shared_ptr<Call>> queue_;
  uint32_t submitted_ = 0;
  uint64_t last_request_id_ = 0;
  uint32_t abandoned_ = 0;
  int64_t idle_since_ns_ = 0;  // since when maintain() sees abandoned calls, but none that is worked on
  std::optional<Error> ended_;

  std::unique_ptr<Supervisor> supervisor_;  // last: its thread uses all of the above
};

}  // namespace carton
