// The loop that takes requests out of shared memory, runs the model, and answers.
#pragma once

#include <vector>

#include "runner.h"
#include "shm/spin.h"
#include "window.h"

namespace carton::runner {

class Worker {
 public:
  Worker(Window& window, Model& model);
  [[noreturn]] void run();

 private:
  uint32_t next_slot();
  void serve(uint32_t slot);
  wire::Encoded answer(uint32_t slot, uint64_t request_id);
  wire::Message read_request(uint32_t slot);
  std::vector<Input> to_inputs(wire::Message& message);
  void drop_mapped(const wire::Message& message);
  void publish(uint32_t slot, uint32_t sequence, uint64_t request_id, const wire::Encoded& encoded);

  Window& window_;
  Model& model_;
  shm::Spinner spinner_;
  uint32_t taken_ = 0;                // of RequestControl::submitted
  int64_t answered_ns_ = 0;           // when the last answer was published, CLOCK_MONOTONIC
  std::vector<std::byte> body_copy_;  // of the request at hand; 64-byte aligned from `body_`
  std::byte* body_ = nullptr;
};

}  // namespace carton::runner
