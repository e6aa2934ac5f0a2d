// The two regions that a host and its runner share, byte by byte. Normative prose: spec/transport.md.
//
// The *request region* is written by the host alone, the *response region* by the runner alone (the
// host may write into response blocks that it holds a lease on; nothing reads them back). Each begins
// with a control page and a table of slots, followed by the arena of its writer.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shm/futex.h"

namespace carton::wire {

using shm::Word;

inline constexpr uint32_t kProtocolVersion = 1;

inline constexpr uint32_t kSlotCount = 64;
inline constexpr uint64_t kSlotSize = 4096;
inline constexpr uint64_t kSlotHeader = 64;
inline constexpr uint64_t kInlineCapacity = kSlotSize - kSlotHeader;
inline constexpr uint32_t kReturnCount = 4096;

inline constexpr uint64_t kSlotsOffset = 64 * 1024;
inline constexpr uint64_t kArenaOffset = 1024 * 1024;  // of each region; offsets on the wire count from here
inline constexpr uint64_t kMinRegion = 4 * 1024 * 1024;

// A slot word is (sequence << 2) | state. The host raises the sequence each time it uses a slot; the
// runner answers with the sequence it was given.
//
//   request word (host):    Free -> Ready -> [Cancelled] -> Free
//   response word (runner): Idle/Done of an older sequence -> Taken -> Done
enum class RequestState : uint32_t { Free = 0, Ready = 1, Cancelled = 2 };
enum class ResponseState : uint32_t { Idle = 0, Taken = 1, Done = 2 };

inline constexpr uint32_t kSequenceMask = 0x3FFFFFFF;

template <typename State>
constexpr uint32_t slot_word(uint32_t sequence, State state) {
  return ((sequence & kSequenceMask) << 2) | static_cast<uint32_t>(state);
}
constexpr uint32_t sequence_of(uint32_t word) { return word >> 2; }

// Where a body lies: in its slot, or in the writer's arena.
inline constexpr uint64_t kInline = ~uint64_t{0};

struct RequestControl {
  alignas(64) Word submitted;  // number of slot numbers ever pushed to `submissions`
  alignas(64) Word returned;   // number of offsets ever pushed to `returns`
  alignas(64) uint32_t submissions[kSlotCount];
  alignas(64) uint64_t returns[kReturnCount];  // response blocks whose lease has ended
};

struct ResponseControl {
  alignas(64) Word sleepers;       // > 0: workers may be asleep on RequestControl::submitted
  alignas(64) Word returns_taken;  // how many of RequestControl::returned the runner has consumed
};

struct RequestSlot {
  Word word;
  Word host_sleeps;  // 1: the host may be asleep on the response word and must be woken
  uint64_t request_id;
  uint64_t body_offset;  // kInline or an arena offset
  uint64_t body_size;
  int64_t submitted_ns;  // CLOCK_MONOTONIC; tells the runner whether waiting for it awake would have paid
  alignas(64) std::byte body[kInlineCapacity];
};

struct ResponseSlot {
  Word word;
  uint32_t reserved;
  uint64_t request_id;
  uint64_t body_offset;
  uint64_t body_size;
  int64_t busy_ns;  // from Taken to Done; a hint for the host's waiting, and nothing else
  alignas(64) std::byte body[kInlineCapacity];
};

static_assert(sizeof(RequestSlot) == kSlotSize && sizeof(ResponseSlot) == kSlotSize);
static_assert(offsetof(RequestSlot, body) == kSlotHeader && offsetof(ResponseSlot, body) == kSlotHeader);
static_assert(sizeof(RequestControl) <= kSlotsOffset && sizeof(ResponseControl) <= kSlotsOffset);
static_assert(kSlotsOffset + kSlotCount * kSlotSize <= kArenaOffset);

}  // namespace carton::wire
