#include "runner/client.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/checked.h"
#include "base/strings.h"
#include "wire/control.h"

namespace carton {
namespace {

constexpr int64_t kSpinBudget = 50'000;  // ns; well under the cost of a sleep and a wake-up under load
constexpr int kMaintainMs = 20;
constexpr int64_t kQueueSlice = 2'000'000;  // ns between a queued call's looks for a slot to free

using wire::RequestState;
using wire::ResponseState;

Error bad_reply(const std::string& name, const nlohmann::json& reply) {
  return Error(Code::RunnerProtocol, "the runner " + name + " answered " +
                                         quoted(wire::text_member(reply, "type")) + " out of turn");
}

}  // namespace

std::shared_ptr<RunnerClient> RunnerClient::create(Process process, ClientOptions options) {
  auto destroy = [](RunnerClient* client) {
    // The supervisor's thread holds calls for moments, and calls hold the client. It cannot join itself.
    if (client->supervisor_->on_own_thread()) {
      std::thread([client] { delete client; }).detach();
    } else {
      delete client;
    }
  };
  return std::shared_ptr<RunnerClient>(new RunnerClient(std::move(process), std::move(options)), destroy);
}

RunnerClient::RunnerClient(Process process, ClientOptions options)
    : options_(std::move(options)),
      regions_(std::make_shared<Regions>(options_.region_capacity)),
      spinner_(kSpinBudget),
      slots_(wire::kSlotCount) {
  for (uint32_t i = wire::kSlotCount; i-- > 0;) free_slots_.push_back(i);  // slot 0 is taken first
  Supervisor::Hooks hooks;
  hooks.log = options_.log;
  hooks.ended = [this](const Error& reason) { fail_all(reason); };
  hooks.maintain = [this] { return maintain(); };
  supervisor_ =
      std::make_unique<Supervisor>(std::move(process), options_.name, options_.program, std::move(hooks));
}

RunnerClient::~RunnerClient() {
  // A forked child has no such thread to join and must not end its parent's runner.
  if (fork_.forked()) static_cast<void>(supervisor_.release());
}

// ---- Control ----------------------------------------------------------------------------------

void RunnerClient::handshake(int64_t deadline_ns) {
  Fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!self) throw os_error("pidfd_open", errno);
  supervisor_->send(
      {{"type", "hello"}, {"protocol_min", wire::kProtocolVersion}, {"protocol_max", wire::kProtocolVersion}},
      deadline_ns);
  supervisor_->send({{"type", "attach"}, {"what", "host"}}, deadline_ns, self.get());
  supervisor_->send({{"type", "attach"}, {"what", "request"}, {"size", regions_->capacity()}}, deadline_ns,
                    regions_->request_fd());
  supervisor_->send({{"type", "attach"}, {"what", "response"}, {"size", regions_->capacity()}}, deadline_ns,
                    regions_->response_fd());
  auto reply = supervisor_->wait_reply(deadline_ns, "answer the handshake");
  if (wire::text_member(reply, "type") == "error") throw wire::error_of(reply).within("runner " + name());
  if (wire::text_member(reply, "type") != "hello") throw bad_reply(name(), reply);
  int64_t protocol = wire::number_member(reply, "protocol", 0);
  if (protocol != wire::kProtocolVersion) {
    throw Error(
        Code::RunnerProtocol,
        text("the runner ", name(), " speaks protocol ", protocol, ", this library ", wire::kProtocolVersion),
        "build the runner again with `carton runner build`");
  }
}

void RunnerClient::send_file(const std::string& file, int fd, uint64_t offset, uint64_t size,
                             int64_t deadline_ns) {
  supervisor_->send({{"type", "file"}, {"name", file}, {"offset", offset}, {"size", size}}, deadline_ns, fd);
}

void RunnerClient::load(const nlohmann::json& request, int64_t deadline_ns) {
  nlohmann::json message = request;
  message["type"] = "load";
  supervisor_->send(message, deadline_ns);
  auto reply = supervisor_->wait_reply(deadline_ns, "load the model");
  std::string type = wire::text_member(reply, "type");
  if (type == "error") throw wire::error_of(reply);
  if (type != "loaded") throw bad_reply(name(), reply);
}

void RunnerClient::close() {
  if (fork_.forked()) throw Error(Code::Forked, "the model belongs to the parent process");
  Error reason(Code::Closed, "the model is closed", "load it again");
  fail_all(reason);
  supervisor_->close(reason);
}

pid_t RunnerClient::pid() const {
  std::lock_guard lock(mutex_);
  return ended_ ? 0 : supervisor_->pid();
}

// ---- Calls ------------------------------------------------------------------------------------

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
  const int64_t began = shm::now_ns();
  auto phase = [&] { return call.phase_.load(std::memory_order_acquire); };
  auto ready = [&] {
    uint32_t now = phase();
    return now == Call::Ended || (now == Call::Running && response_done(call.slot_, call.sequence_));
  };
  bool slept = false;
  for (bool ended = spinner_.spin(ready);; ended = ready()) {
    if (ended) {
      if (slept) spinner_.slept(shm::now_ns() - began);
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

// Takes the response out of shared memory, and returns its blocks. Throws the error that it holds; an
// illegal one ends the runner.
NamedTensors RunnerClient::collect(uint32_t index, uint64_t request_id) {
  wire::Message message;
  NamedTensors outputs;
  try {
    const std::vector<std::byte> body = copy_body(index);
    message = wire::decode(body.data(), body.size(), regions_->inbox());
    if (message.request_id != request_id) throw Error(Code::RunnerProtocol, "an answer to another request");
    if (!message.error) outputs = to_tensors(std::move(message));
  } catch (const Error& error) {
    supervisor_->kill(error.within("runner " + name() + ", ended"));
    throw error.within("runner " + name() + ", ended");
  } catch (const std::exception&) {
    throw Error(Code::NoMemory, "no memory for the answer of the runner " + name());
  }
  if (message.error) throw Error(*message.error);
  return outputs;
}

// The one copy that is checked and used.
std::vector<std::byte> RunnerClient::copy_body(uint32_t index) {
  const wire::ResponseSlot& response = regions_->response(index);
  const uint64_t offset = __atomic_load_n(&response.body_offset, __ATOMIC_RELAXED);
  const uint64_t size = __atomic_load_n(&response.body_size, __ATOMIC_RELAXED);
  if (offset == wire::kInline) {
    if (size > wire::kInlineCapacity) throw Error(Code::RunnerProtocol, "a message exceeds its slot");
    return {response.body, response.body + size};
  }
  const wire::Inbox inbox = regions_->inbox();
  if (size > wire::kMaxBody || offset % wire::kBlockAlign != 0 || !in_range(offset, size, inbox.capacity)) {
    throw Error(Code::RunnerProtocol, "a message exceeds its region");
  }
  std::vector<std::byte> copy(inbox.base + offset, inbox.base + offset + size);
  regions_->give_back(offset);
  return copy;
}

NamedTensors RunnerClient::to_tensors(wire::Message message) {
  NamedTensors outputs;
  outputs.reserve(message.tensors.size());
  for (auto& received : message.tensors) {
    Tensor tensor;
    if (received.dtype == DType::String) {
      tensor = Tensor::of_strings(std::move(received.shape), std::move(received.strings));
      if (received.block != wire::kNoBlock) regions_->give_back(received.block);
    } else if (received.inline_data != nullptr) {
      tensor = Tensor::allocate(received.dtype, std::move(received.shape));
      std::memcpy(tensor.data, received.inline_data, received.nbytes);
    } else {
      tensor.owner = regions_->lease(received.block, received.nbytes);
      tensor.data = regions_->response_data(received.block);
      tensor.dtype = received.dtype;
      tensor.count = received.count;
      tensor.shape = std::move(received.shape);
    }
    outputs.emplace_back(std::string(received.name), std::move(tensor));
  }
  return outputs;
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

// Takes back the slots of abandoned calls; ends a runner that still works on one for too long.
int RunnerClient::maintain() {
  std::vector<std::pair<uint32_t, uint64_t>> done;  // slot, request id
  bool overdue = false;
  {
    std::lock_guard lock(mutex_);
    if (abandoned_ == 0) return -1;
    for (uint32_t i = 0; i < slots_.size(); ++i) {
      Slot& slot = slots_[i];
      if (slot.abandoned_ns == 0 || !response_done(i, slot.sequence)) continue;
      slot.abandoned_ns = 0;
      --abandoned_;
      done.emplace_back(i, slot.request_id);
    }
    overdue = is_overdue_locked(shm::now_ns());
  }
  for (auto [slot, request_id] : done) {
    try {
      collect(slot, request_id);  // returns its blocks; the answer itself is dropped
    } catch (const Error&) {
      // Nobody waits for it.
    }
    recycle(slot);
  }
  if (overdue) {
    supervisor_->kill(Error(Code::RunnerCrashed,
                            text("a call that was given up still ran ", options_.kill_after_ms,
                                 " ms later; the runner ", name(), " was ended"),
                            "load the model again; a larger kill_after gives slow calls more time"));
  }
  return kMaintainMs;
}

// Has the runner worked on an abandoned call for kill_after, or left one lying for as long while it
// worked on nothing?
bool RunnerClient::is_overdue_locked(int64_t now) {
  constexpr int64_t kMillisecond = 1'000'000;
  if (options_.kill_after_ms < 0 || options_.kill_after_ms > INT64_MAX / kMillisecond) return false;
  const int64_t allowed = options_.kill_after_ms * kMillisecond;
  bool working = false;
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    const bool taken = regions_->response(i).word.load(std::memory_order_acquire) ==
                       wire::slot_word(slot.sequence, ResponseState::Taken);
    working = working || taken;
    if (taken && slot.abandoned_ns != 0 && now - slot.abandoned_ns > allowed) return true;
  }
  if (working || abandoned_ == 0) {
    idle_since_ns_ = 0;
  } else if (idle_since_ns_ == 0) {
    idle_since_ns_ = now;
  }
  return idle_since_ns_ != 0 && now - idle_since_ns_ > allowed;
}

void RunnerClient::fail_all(const Error& reason) {
  std::vector<std::shared_ptr<Call>> failed;  // freed after the lock, as in give_up
  std::lock_guard lock(mutex_);
  if (!ended_) ended_ = reason;
  for (auto& slot : slots_) {
    if (slot.call) failed.push_back(std::move(slot.call));
  }
  failed.insert(failed.end(), queue_.begin(), queue_.end());
  queue_.clear();
  for (auto& call : failed) {
    if (call->phase_.load(std::memory_order_relaxed) != Call::Ended) call->end(*ended_, {});
  }
}

// ---- Call -------------------------------------------------------------------------------------

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
