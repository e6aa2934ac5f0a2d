// The host's side of the two shared regions (wire/layout.h): makes them, maps them, and keeps the
// books of response blocks that are on lease. Shared by the client and by every leased tensor, so it
// outlives both the model and its runner. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/fd.h"
#include "base/fork.h"
#include "shm/arena.h"
#include "shm/memory.h"
#include "wire/body.h"
#include "wire/layout.h"

namespace carton {

class Regions : public std::enable_shared_from_this<Regions> {
 public:
  // `capacity` bytes each, sparse. Throws INVALID (less than 4 MiB), NO_MEMORY, IO.
  explicit Regions(uint64_t capacity);

  uint64_t capacity() const { return capacity_; }
  int request_fd() const { return request_fd_.get(); }
  int response_fd() const { return response_fd_.get(); }

  wire::RequestControl& control() const;
  const wire::ResponseControl& runner_control() const;
  wire::RequestSlot& request(uint32_t slot) const;
  const wire::ResponseSlot& response(uint32_t slot) const;

  // The host's own arena.
  wire::Outbox outbox() { return {request_arena_, request_.data() + wire::kArenaOffset, &request_mutex_}; }
  void release_request(const std::vector<uint64_t>& blocks);

  // The runner's arena as it lies in the response region.
  wire::Inbox inbox() const;

  // Takes a lease on a block that a response refers to; the block goes back to the runner when the
  // last copy of the result is gone. Throws RUNNER_PROTOCOL if it overlaps one that is on lease.
  std::shared_ptr<const void> lease(uint64_t offset, uint64_t size);
  std::byte* response_data(uint64_t offset) const { return response_arena_.data() + offset; }
  // Gives a block back that was read and needs no lease.
  void give_back(uint64_t offset);
  // Tells the runner of returns that found the ring full when they came.
  void flush_returns();

 private:
  void end_lease(uint64_t offset);
  void push_return_locked(uint64_t offset);
  void flush_locked();

  ForkGuard fork_;  // a forked child shares the regions, and must leave them alone
  uint64_t capacity_;
  Fd request_fd_, response_fd_;
  shm::Mapping request_;         // all of it, shared, writable
  shm::Mapping response_table_;  // control and slots, read-only: the host never writes there
  shm::Mapping response_arena_;  // writable, so that a caller may write into the outputs it was given

  std::mutex request_mutex_;
  shm::Arena request_arena_;

  std::mutex lease_mutex_;
  std::map<uint64_t, uint64_t> leases_;    // offset -> size
  std::vector<uint64_t> waiting_returns_;  // did not fit into the ring
  uint32_t returned_ = 0;
};

}  // namespace carton
