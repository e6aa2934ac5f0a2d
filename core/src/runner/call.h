// One inference, as its caller holds it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/error.h"
#include "shm/futex.h"
#include "tensor/tensor.h"

namespace carton {

class RunnerClient;

// An inference under way. wait and take belong to one thread at a time; cancel may come from another.
class Call {
 public:
  ~Call();

  // Has it ended by `until_ns`? Spins briefly, then sleeps.
  bool wait(int64_t until_ns);
  // The outcome, once ended: outputs (only the first time), or throws.
  NamedTensors take();
  void cancel();

 private:
  friend class RunnerClient;
  enum Phase : uint32_t { Queued = 0, Running = 1, Ended = 2 };

  Call(std::shared_ptr<RunnerClient> client, NamedTensors inputs, int64_t deadline_ns)
      : client_(std::move(client)), inputs_(std::move(inputs)), deadline_ns_(deadline_ns) {}
  void end(std::optional<Error> error, NamedTensors outputs);

  std::shared_ptr<RunnerClient> client_;
  NamedTensors inputs_;  // until submitted or given up
  int64_t deadline_ns_;
  shm::Word phase_{Queued};
  uint32_t slot_ = 0, sequence_ = 0;
  std::optional<Error> error_;
  NamedTensors outputs_;
  bool taken_ = false;
};

}  // namespace carton
