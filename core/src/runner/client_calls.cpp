// The life of a call in the client: queued, submitted, waited for, taken or given up.
#include <algorithm>
#include <cstring>

#include "runner/client.h"

namespace carton {
namespace {

constexpr int64_t kQueueSlice = 2'000'000;  // ns between a queued call's looks for a slot to free

using wire::RequestState;
using wire::ResponseState;

}  // namespace

std::shared_ptr<Call> RunnerClient::start(NamedTensors inputs, int64_t deadline_ns) {
  std::shared_ptr<Call> call(new Call(shared_from_this(), std::move(inputs), deadline_ns));
  std::optional<uint32_t> slot;
  {
    std::lock_guard lock(mutex_);
    if (ended_) throw Error(*ended_);
    slot = take_slot_locked();
    if (!slot) {
      queue_.push_back(call);
      return call;
    }
  }
  try {
    submit(call, *slot);
  } catch (...) {
    recycle(*slot);
    throw;
  }
  return call;
}

std::optional<uint32_t> RunnerClient::take_slot_locked() {
  if (free_slots_.empty()) return std::nullopt;
  uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

std::shared_ptr<Call> RunnerClient::pop_queued_locked() {
  if (queue_.empty()) return nullptr;
  auto call = std::move(queue_.front());
  queue_.pop_front();
  return call;
}

// Writes the call's inputs into the slot and hands it to the runner.
void RunnerClient::submit(const std::shared_ptr<Call>& call, uint32_t index) {
  NamedTensors inputs;
  {
    // A cancel may end the call, and clear its inputs, while they are read below.
    std::lock_guard lock(mutex_);
    inputs = std::move(call->inputs_);
  }
  regions_->flush_returns();  // this request may need the room
  std::vector<wire::Item> items;
  items.reserve(inputs.size());
  for (const auto& [name, tensor] : inputs) {
    items.push_back({name, tensor.dtype, tensor.shape.data(), static_cast<uint32_t>(tensor.shape.size()),
                     tensor.data, tensor.nbytes(), tensor.strings.get()});
  }
  wire::RequestSlot& request = regions_->request(index);
  uint64_t request_id = __atomic_add_fetch(&last_request_id_, 1, __ATOMIC_RELAXED);
  wire::Encoded encoded = wire::encode(request_id, items, request.body, regions_->outbox());

  std::lock_guard lock(mutex_);
  Slot& slot = slots_[index];
  slot.blocks = std::move(encoded.blocks);
  // Cancelled while it waited in the queue, or the runner ended meanwhile: nothing is sent.
  if (ended_ || call->phase_.load(std::memory_order_relaxed) == Call::Ended) {
    Error reason = ended_ ? *ended_ : Error(Code::Cancelled, "the call was cancelled");
    if (call->phase_.load(std::memory_order_relaxed) != Call::Ended) call->end(reason, {});
    throw reason;
  }
  slot.sequence = (slot.sequence + 1) & wire::kSequenceMask;
  slot.request_id = request_id;
  slot.call = call;
  call->slot_ = index;
  call->sequence_ = slot.sequence;
  call->phase_.store(Call::Running, std::memory_order_release);
  request.request_id = request_id;
  request.body_offset = encoded.offset;
  request.body_size = encoded.size;
  request.submitted_ns = shm::now_ns();
  request.host_sleeps.store(0, std::memory_order_relaxed);
  request.word.store(wire::slot_word(slot.sequence, RequestState::Ready), std::memory_order_release);
  publish(index);
}

// Pushes the slot's number to the submission ring. The ring has as many places as there are slots.
void RunnerClient::publish(uint32_t slot) {
  wire::RequestControl& control = regions_->control();
  control.submissions[submitted_ % wire::kSlotCount] = slot;
  control.submitted.store(++submitted_, std::memory_order_release);
  // Either the runner sees the new count before it sleeps, or we see that it sleeps.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (regions_->runner_control().sleepers.load(std::memory_order_relaxed) != 0)
    shm::wake_one(&control.submitted);
}

bool RunnerClient::response_done(uint32_t slot, uint32_t sequence) const {
  return regions_->response(slot).word.load(std::memory_order_acquire) ==
         wire::slot_word(sequence, ResponseState::Done);
}

bool RunnerClient::wait(Call& call, int64_t until_ns) {
  auto phase = [&] { return call.phase_.load(std::memory_order_acquire); };
  auto ready = [&] {
    uint32_t now = phase();
    return now == Call::Ended || (now == Call::Running && response_done(call.slot_, call.sequence_));
  };
  bool slept = false;
  for (bool ended = spinner_.spin(ready);; ended = ready()) {
    if (ended) {
      if (slept) spinner_.slept(__atomic_load_n(&regions_->response(call.slot_).busy_ns, __ATOMIC_RELAXED));
      finish(call);
      if (phase() == Call::Ended) return true;
    } else if (phase() == Call::Queued) {
      collect_for_queued();
      if (phase() != Call::Queued) continue;
    }
    const int64_t now = shm::now_ns();
    if (now >= call.deadline_ns_) {
      give_up(call, Error(Code::RunnerTimeout, "the call did not end before its deadline; the runner goes on",
                          "give a longer timeout"));
      if (phase() == Call::Ended) return true;  // else another thread is taking its answer: no long wait
    } else if (now >= until_ns) {
      return false;
    }
    sleep(call, std::max(now, std::min(until_ns, call.deadline_ns_)));
    slept = true;
  }
}

// Sleeps until the call's answer may be there, its phase has changed, or it is time to look again.
void RunnerClient::sleep(Call& call, int64_t until_ns) {
  const uint32_t phase = call.phase_.load(std::memory_order_acquire);
  if (phase == Call::Queued) {
    shm::wait(&call.phase_, phase, std::min(until_ns, shm::now_ns() + kQueueSlice));
    return;
  }
  if (phase == Call::Ended) return;
  const shm::Word& response = regions_->response(call.slot_).word;
  regions_->request(call.slot_).host_sleeps.store(1, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const uint32_t word = response.load(std::memory_order_acquire);
  if (word == wire::slot_word(call.sequence_, ResponseState::Done)) {
    // Another thread is taking the answer (see wait): it wakes whoever sleeps on the phase.
    shm::wait(&call.phase_, phase, shm::now_ns() + kQueueSlice);
  } else {
    shm::wait_either(&response, word, &call.phase_, phase, until_ns);
  }
}

// Answers that nobody has taken yet hold slots that queued calls need: a waiting queued call takes them
// for their owners, who may be waiting for it on the same thread.
void RunnerClient::collect_for_queued() {
  std::vector<std::shared_ptr<Call>> done;
  {
    std::lock_guard lock(mutex_);
    for (uint32_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].call && response_done(i, slots_[i].sequence)) done.push_back(slots_[i].call);
    }
  }
  for (auto& call : done) finish(*call);
}

// The response is there (or the call has ended otherwise): takes it out of its slot.
void RunnerClient::finish(Call& call) {
  uint64_t request_id;
  std::shared_ptr<Call> keep;
  {
    std::lock_guard lock(mutex_);
    if (call.phase_.load(std::memory_order_relaxed) != Call::Running) return;
    Slot& slot = slots_[call.slot_];
    if (slot.call.get() != &call) return;  // another thread is taking it
    keep = std::move(slot.call);
    request_id = slot.request_id;
  }
  std::optional<Error> error;
  NamedTensors outputs;
  try {
    outputs = collect(call.slot_, request_id);
  } catch (const Error& e) {
    error = e;
  }
  uint32_t slot = call.slot_;
  call.end(std::move(error), std::move(outputs));
  recycle(slot);
}

// Frees a slot whose work is done, and gives it to a call that waits for one.
void RunnerClient::recycle(uint32_t index) {
  for (;;) {
    std::shared_ptr<Call> next;
    {
      std::lock_guard lock(mutex_);
      Slot& slot = slots_[index];
      regions_->release_request(slot.blocks);
      slot.blocks.clear();
      do {
        next = pop_queued_locked();
      } while (next && next->phase_.load(std::memory_order_relaxed) == Call::Ended);
      if (!next) {
        free_slots_.push_back(index);
        return;
      }
    }
    Error reason(Code::NoMemory, "no memory to send the call's inputs");
    try {
      submit(next, index);
      shm::wake_all(&next->phase_);  // whoever waits for it sleeps on its phase while it is queued
      return;
    } catch (const Error& error) {
      reason = error;
    } catch (const std::exception&) {
      // As `reason` says; on the supervisor's thread nothing may pass.
    }
    std::lock_guard lock(mutex_);
    if (next->phase_.load(std::memory_order_relaxed) != Call::Ended) next->end(reason, {});
  }
}

// The caller no longer waits. A queued call is forgotten; one that runs keeps its slot until the
// runner is done with it.
void RunnerClient::give_up(Call& call, Error reason) {
  if (fork_.forked()) return;
  NamedTensors dropped;  // freed after the lock: a view's release callback may call into the model
  {
    std::lock_guard lock(mutex_);
    uint32_t phase = call.phase_.load(std::memory_order_relaxed);
    if (phase == Call::Ended) return;
    if (phase == Call::Running) {
      Slot& slot = slots_[call.slot_];
      if (slot.call.get() != &call) return;  // its answer is being taken right now
      slot.abandoned_ns = shm::now_ns();
      ++abandoned_;
      regions_->request(call.slot_)
          .word.store(wire::slot_word(slot.sequence, RequestState::Cancelled), std::memory_order_release);
      auto keep = std::move(slot.call);
      keep->end(std::move(reason), {});
    } else {
      dropped = std::move(call.inputs_);
      call.end(std::move(reason), {});
      std::erase_if(queue_, [&](const auto& queued) { return queued.get() == &call; });
    }
  }
  supervisor_->poke();
}

}  // namespace carton
