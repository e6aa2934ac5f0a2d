// The runner's side of the two shared regions (wire/layout.h). The request arena is mapped privately:
// a model that writes to an input changes this process's copy of the page alone.
#pragma once

#include <cstdint>
#include <vector>

#include "shm/arena.h"
#include "shm/memory.h"
#include "wire/body.h"
#include "wire/layout.h"

namespace carton::runner {

class Window {
 public:
  // Throws RUNNER_PROTOCOL when the descriptors are not what the host said.
  Window(int request_fd, uint64_t request_size, int response_fd, uint64_t response_size);

  const wire::RequestControl& host_control() const;
  wire::ResponseControl& control() const;
  const wire::RequestSlot& request(uint32_t slot) const;
  wire::ResponseSlot& response(uint32_t slot) const;

  // The host's arena; [offset, offset + size) is usable after touch().
  std::byte* request_data(uint64_t offset) const { return request_arena_.data() + offset; }
  wire::Inbox inbox() const { return {request_arena_.data(), request_arena_.size()}; }
  void touch(uint64_t offset, uint64_t size);
  void drop(uint64_t offset, uint64_t size) { request_arena_.drop_private_pages(offset, size); }

  // This runner's arena, after taking back what the host returned.
  wire::Outbox outbox();
  void release(const std::vector<uint64_t>& blocks);

 private:
  shm::Mapping request_table_, request_arena_, response_;
  uint64_t writable_ = 0;  // of the request arena, from its begin
  shm::Arena arena_;
  uint32_t returns_taken_ = 0;
};

}  // namespace carton::runner
