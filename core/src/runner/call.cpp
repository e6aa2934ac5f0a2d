#include "runner/call.h"

#include "runner/client.h"

namespace carton {

Call::~Call() = default;

bool Call::wait(int64_t until_ns) {
  if (client_->fork_.forked()) throw Error(Code::Forked, "the call belongs to the parent process");
  return client_->wait(*this, until_ns);
}

void Call::end(std::optional<Error> error, NamedTensors outputs) {
  error_ = std::move(error);
  outputs_ = std::move(outputs);
  phase_.store(Ended, std::memory_order_release);
  shm::wake_all(&phase_);
}

NamedTensors Call::take() {
  if (phase_.load(std::memory_order_acquire) != Ended) {
    throw Error(Code::Invalid, "the call has not ended yet", "wait for it first");
  }
  if (error_) throw Error(*error_);
  if (taken_) throw Error(Code::Invalid, "the outputs of this call were taken before");
  taken_ = true;
  return std::move(outputs_);
}

void Call::cancel() { client_->give_up(*this, Error(Code::Cancelled, "the call was cancelled")); }

}  // namespace carton
