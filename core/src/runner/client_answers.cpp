// Answers as they lie in shared memory become tensors: copied once, then checked, then used.
#include <cstring>

#include "base/checked.h"
#include "runner/client.h"

namespace carton {

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

}  // namespace carton
