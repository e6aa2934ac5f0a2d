#include "window.h"

#include <algorithm>

#include "base/checked.h"
#include "base/error.h"

namespace carton::runner {
namespace {

uint64_t checked_region(int fd, uint64_t size) {
  if (size < wire::kMinRegion || !shm::is_sealed(fd, size)) {
    throw Error(Code::RunnerProtocol,
                "the host sent a region that is not sealed memory of the size it named");
  }
  return size;
}

}  // namespace

Window::Window(int request_fd, uint64_t request_size, int response_fd, uint64_t response_size)
    : request_table_(request_fd, 0, std::min(wire::kArenaOffset, checked_region(request_fd, request_size)),
                     shm::Access::SharedRead),
      request_arena_(request_fd, wire::kArenaOffset, request_size - wire::kArenaOffset,
                     shm::Access::PrivateLater),
      response_(response_fd, 0, checked_region(response_fd, response_size), shm::Access::SharedWrite),
      arena_(response_size - wire::kArenaOffset) {}

const wire::RequestControl& Window::host_control() const {
  return *reinterpret_cast<const wire::RequestControl*>(request_table_.data());
}

wire::ResponseControl& Window::control() const {
  return *reinterpret_cast<wire::ResponseControl*>(response_.data());
}

const wire::RequestSlot& Window::request(uint32_t slot) const {
  return reinterpret_cast<const wire::RequestSlot*>(request_table_.data() + wire::kSlotsOffset)[slot];
}

wire::ResponseSlot& Window::response(uint32_t slot) const {
  return reinterpret_cast<wire::ResponseSlot*>(response_.data() + wire::kSlotsOffset)[slot];
}

void Window::touch(uint64_t offset, uint64_t size) {
  constexpr uint64_t kChunk = 64u << 20;
  if (!in_range(offset, size, request_arena_.size())) {
    throw Error(Code::RunnerProtocol, "a request refers to memory outside its region");
  }
  uint64_t end = offset + size;
  if (end <= writable_) return;
  uint64_t wanted = std::min((end + kChunk - 1) / kChunk * kChunk, request_arena_.size());
  request_arena_.make_writable(writable_, wanted - writable_);
  writable_ = wanted;
}

wire::Outbox Window::outbox() {
  const wire::RequestControl& host = host_control();
  uint32_t returned = host.returned.load(std::memory_order_acquire);
  for (; returns_taken_ != returned; ++returns_taken_) {
    arena_.release(__atomic_load_n(&host.returns[returns_taken_ % wire::kReturnCount], __ATOMIC_RELAXED));
  }
  control().returns_taken.store(returns_taken_, std::memory_order_release);
  return {arena_, response_.data() + wire::kArenaOffset};
}

void Window::release(const std::vector<uint64_t>& blocks) {
  for (uint64_t offset : blocks) arena_.release(offset);
}

}  // namespace carton::runner
