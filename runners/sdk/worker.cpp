#include "worker.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/checked.h"
#include "base/strings.h"

namespace carton::runner {
namespace {

using wire::RequestState;
using wire::ResponseState;

constexpr int64_t kIdleSpin = 50'000;  // ns

// Keeps what the model adds until the answer is written: the sizes decide where each tensor goes.
class Answer final : public Outputs {
 public:
  Answer(uint64_t request_id, std::byte* inline_body, wire::Outbox outbox)
      : request_id_(request_id), inline_body_(inline_body), outbox_(outbox) {}
  ~Answer() override {
    for (uint64_t block : blocks_) outbox_.arena.release(block);
  }

  void add(std::string_view name, DType dtype, const std::vector<int64_t>& shape, const void* data) override {
    Added& added = append(name, dtype, shape);
    auto count = element_count(shape, dtype_size(dtype));
    if (!count || dtype_size(dtype) == 0) throw Error(Code::Internal, "an output without a valid shape");
    added.nbytes = *count * dtype_size(dtype);
    if (added.nbytes <= wire::kInlineTensor) {
      auto bytes = static_cast<const std::byte*>(data);
      added.copy.assign(bytes, bytes + added.nbytes);
      return;
    }
    // Straight to where it will be read: large outputs are copied once.
    auto block = outbox_.arena.allocate(added.nbytes);
    if (!block) {
      throw Error(Code::Limit, text("no room for an output of ", added.nbytes, " bytes in shared memory"),
                  "raise region_capacity when loading the model, or free outputs that are no longer needed");
    }
    blocks_.push_back(*block);
    std::memcpy(outbox_.base + *block, data, added.nbytes);
    added.block = *block;
  }

  void add_strings(std::string_view name, const std::vector<int64_t>& shape,
                   const std::vector<std::string_view>& strings) override {
    Added& added = append(name, DType::String, shape);
    auto count = element_count(shape);
    if (!count || *count != strings.size())
      throw Error(Code::Internal, "strings that do not fill their shape");
    added.strings.assign(strings.begin(), strings.end());
  }

  wire::Encoded encode() {
    std::vector<wire::Item> items;
    items.reserve(added_.size());
    for (const Added& a : added_) {
      wire::Item item{a.name,
                      a.dtype,
                      a.shape.data(),
                      static_cast<uint32_t>(a.shape.size()),
                      a.copy.data(),
                      a.nbytes,
                      a.dtype == DType::String ? &a.strings : nullptr};
      if (a.block != wire::kNoBlock) item.block = a.block;
      items.push_back(item);
    }
    wire::Encoded encoded = wire::encode(request_id_, items, inline_body_, outbox_);
    blocks_.clear();  // the host's from now on
    return encoded;
  }

 private:
  struct Added {
    std::string name;
    DType dtype;
    std::vector<int64_t> shape;
    uint64_t nbytes = 0;
    std::vector<std::byte> copy;
    uint64_t block = wire::kNoBlock;
    std::vector<std::string> strings;
  };

  Added& append(std::string_view name, DType dtype, const std::vector<int64_t>& shape) {
    if (name.size() > wire::kMaxName || !is_utf8(name)) {
      throw Error(Code::ModelError, text("an output's name must be UTF-8 of at most ", wire::kMaxName,
                                         " bytes, got ", quoted(name)));
    }
    if (shape.size() > static_cast<size_t>(kMaxRank)) {
      throw Error(Code::ModelError,
                  text("output ", quoted(name), " has ", shape.size(), " dimensions; at most ", kMaxRank));
    }
    for (const Added& other : added_) {
      if (other.name == name) throw Error(Code::ModelError, text("output ", quoted(name), " comes twice"));
    }
    Added& added = added_.emplace_back();
    added.name = name;
    added.dtype = dtype;
    added.shape = shape;
    return added;
  }

  uint64_t request_id_;
  std::byte* inline_body_;
  wire::Outbox outbox_;
  std::vector<Added> added_;
  std::vector<uint64_t> blocks_;
};

}  // namespace

Worker::Worker(Window& window, Model& model) : window_(window), model_(model), spinner_(kIdleSpin) {}

void Worker::run() {
  for (;;) serve(next_slot());
}

uint32_t Worker::next_slot() {
  const wire::RequestControl& host = window_.host_control();
  auto ready = [&] { return host.submitted.load(std::memory_order_acquire) != taken_; };
  bool slept = !spinner_.spin(ready);
  if (slept) {
    wire::ResponseControl& own = window_.control();
    while (!ready()) {
      // Either the host sees that we sleep, or we see what it has submitted (see publish in the host).
      own.sleepers.store(1, std::memory_order_seq_cst);
      std::atomic_thread_fence(std::memory_order_seq_cst);
      if (ready()) break;
      shm::wait(&host.submitted, taken_, shm::kForever);
    }
    own.sleepers.store(0, std::memory_order_relaxed);
  }
  uint32_t slot = host.submissions[taken_++ % wire::kSlotCount] % wire::kSlotCount;
  if (slept) spinner_.slept(window_.request(slot).submitted_ns - answered_ns_);
  return slot;
}

void Worker::serve(uint32_t slot) {
  const wire::RequestSlot& request = window_.request(slot);
  wire::ResponseSlot& response = window_.response(slot);
  uint32_t word = request.word.load(std::memory_order_acquire);
  uint32_t sequence = wire::sequence_of(word);
  uint64_t request_id = request.request_id;
  int64_t taken_ns = shm::now_ns();
  wire::Encoded encoded;
  if (word == wire::slot_word(sequence, RequestState::Cancelled)) {
    encoded = wire::encode_error(request_id, Error(Code::Cancelled, "the call was cancelled"), response.body);
  } else {
    response.word.store(wire::slot_word(sequence, ResponseState::Taken), std::memory_order_release);
    encoded = answer(slot, request_id);
  }
  answered_ns_ = shm::now_ns();
  response.busy_ns = answered_ns_ - taken_ns;
  publish(slot, sequence, request_id, encoded);
}

wire::Encoded Worker::answer(uint32_t slot, uint64_t request_id) {
  std::byte* body = window_.response(slot).body;
  wire::Message message;
  wire::Encoded encoded;
  try {
    message = read_request(slot);
    std::vector<Input> inputs = to_inputs(message);
    Answer answer(request_id, body, window_.outbox());
    model_.infer(inputs, answer);
    encoded = answer.encode();
  } catch (const Error& error) {
    encoded = wire::encode_error(request_id, error, body);
  } catch (const std::bad_alloc&) {
    encoded = wire::encode_error(request_id, Error(Code::ModelError, "the model ran out of memory"), body);
  } catch (const std::exception& error) {
    encoded = wire::encode_error(request_id, Error(Code::ModelError, error.what()), body);
  } catch (...) {
    encoded =
        wire::encode_error(request_id, Error(Code::ModelError, "the model threw an unknown exception"), body);
  }
  drop_mapped(message);
  return encoded;
}

wire::Message Worker::read_request(uint32_t slot) {
  const wire::RequestSlot& request = window_.request(slot);
  const uint64_t offset = request.body_offset, size = request.body_size;
  if (size > wire::kMaxBody) throw Error(Code::RunnerProtocol, "a request is too large");
  constexpr size_t kAlign = 64;
  if (body_copy_.size() < size + kAlign || body_copy_.empty()) {
    body_copy_.resize(std::max<size_t>(size, wire::kInlineCapacity) + kAlign);
    auto address = reinterpret_cast<uintptr_t>(body_copy_.data());
    body_ = body_copy_.data() + (kAlign - address % kAlign);
  }
  if (offset == wire::kInline) {
    if (size > wire::kInlineCapacity) throw Error(Code::RunnerProtocol, "a request exceeds its slot");
    std::memcpy(body_, request.body, size);
  } else {
    window_.touch(offset, size);
    std::memcpy(body_, window_.request_data(offset), size);
  }
  // Large strings are read out of the arena while decoding: usable up to its end at that point.
  return wire::decode(body_, size, window_.inbox(),
                      [this](uint64_t at, uint64_t length) { window_.touch(at, length); });
}

std::vector<Input> Worker::to_inputs(wire::Message& message) {
  std::vector<Input> inputs;
  inputs.reserve(message.tensors.size());
  for (wire::Received& received : message.tensors) {
    Input& input = inputs.emplace_back();
    input.name = received.name;
    input.dtype = received.dtype;
    input.shape = std::move(received.shape);
    input.count = received.count;
    input.nbytes = received.nbytes;
    input.strings = std::move(received.strings);
    if (received.inline_data != nullptr) {
      input.data = const_cast<std::byte*>(received.inline_data);  // within body_, which is ours
    } else if (received.dtype != DType::String) {
      input.data = window_.request_data(received.block);
      input.mapped = true;
    }
  }
  return inputs;
}

// A model may have written to its inputs: the next request must see the host's bytes again.
void Worker::drop_mapped(const wire::Message& message) {
  if (model_.never_writes_inputs()) return;
  for (const wire::Received& received : message.tensors) {
    if (received.block != wire::kNoBlock && received.dtype != DType::String) {
      window_.drop(received.block, received.nbytes);
    }
  }
}

void Worker::publish(uint32_t slot, uint32_t sequence, uint64_t request_id, const wire::Encoded& encoded) {
  wire::ResponseSlot& response = window_.response(slot);
  response.request_id = request_id;
  response.body_offset = encoded.offset;
  response.body_size = encoded.size;
  response.word.store(wire::slot_word(sequence, ResponseState::Done), std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (window_.request(slot).host_sleeps.load(std::memory_order_relaxed) != 0) shm::wake_all(&response.word);
}

}  // namespace carton::runner
