// Requests and responses as bytes: a header, then named tensors or an error. The receiver always
// copies a body into private memory before it parses it, and checks every number; tensor bytes too
// large for a body lie in the sender's arena and are referred to by offset and size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "shm/arena.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"

namespace carton::wire {

enum class Kind : uint32_t { Tensors = 1, Error = 2 };

inline constexpr uint64_t kInlineTensor = 1024;  // larger tensors go to the arena
inline constexpr uint64_t kMaxBody = 64u << 20;
inline constexpr uint32_t kMaxTensors = 100'000;
inline constexpr uint64_t kMaxName = 4096;
inline constexpr uint64_t kMaxErrorText = 64 * 1024;
// Memory that the strings of one message may take at their receiver, with 64 bytes for each string.
inline constexpr uint64_t kMaxStrings = uint64_t{4} << 30;
inline constexpr uint64_t kDataAlign = 16;  // of inline data, relative to the body
inline constexpr uint64_t kNoBlock = ~uint64_t{0};
inline constexpr uint64_t kBlockAlign = shm::Arena::kMinBlock;

// What is sent: borrowed, only for the length of encode().
struct Item {
  std::string_view name;
  DType dtype;
  const int64_t* dims;
  uint32_t rank;
  const std::byte* data;  // numeric
  uint64_t nbytes;
  const std::vector<std::string>* strings;  // DType::String
  uint64_t block = kNoBlock;                // numeric data that already lies in the sender's arena
};

// The sender's own arena, where it is mapped, and what guards it (nullptr: one thread only).
struct Outbox {
  shm::Arena& arena;
  std::byte* base;
  std::mutex* mutex = nullptr;
};

struct Encoded {
  uint64_t offset = 0;  // kInline or of an arena block
  uint64_t size = 0;
  std::vector<uint64_t> blocks;  // arena blocks that hold the body and large tensors
};

// Writes the items to `inline_body` (kInlineCapacity bytes) and the arena. On an exception (LIMIT: the
// arena is full; names the sizes) all blocks are released again.
Encoded encode(uint64_t request_id, const std::vector<Item>& items, std::byte* inline_body,
               const Outbox& outbox);
// Message and hint are cut to what fits inline.
Encoded encode_error(uint64_t request_id, const Error& error, std::byte* inline_body);

// What arrived; views point into the private copy of the body.
struct Received {
  std::string_view name;
  DType dtype = DType::Float32;
  Shape shape;
  uint64_t count = 0, nbytes = 0;
  const std::byte* inline_data = nullptr;  // numeric data within the body, aligned to kDataAlign
  uint64_t block = kNoBlock;               // offset in the sender's arena, if the data lies there
  std::vector<std::string> strings;
};

struct Message {
  uint64_t request_id = 0;
  std::optional<Error> error;  // Kind::Error
  std::vector<Received> tensors;
};

// The sender's arena as the receiver sees it. Bytes may change at any time: strings are copied first.
struct Inbox {
  const std::byte* base;
  uint64_t capacity;
};

// Parses a private copy of a body. `touch` (may be empty) is called with each arena range, in bounds,
// before it is read. Throws RUNNER_PROTOCOL (illegal) or LIMIT (legal, but too large).
using Touch = std::function<void(uint64_t offset, uint64_t size)>;
Message decode(const std::byte* body, uint64_t size, const Inbox& inbox, const Touch& touch = {});

}  // namespace carton::wire
