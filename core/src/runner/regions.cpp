#include "runner/regions.h"

#include "base/error.h"
#include "base/strings.h"

namespace carton {
namespace {

uint64_t checked_capacity(uint64_t capacity) {
  constexpr uint64_t kPage = 4096, kMax = uint64_t{1} << 46;
  if (capacity < wire::kMinRegion || capacity > kMax) {
    throw Error(Code::Invalid,
                text("region_capacity must be ", wire::kMinRegion, " to ", kMax, " bytes, got ", capacity));
  }
  return capacity / kPage * kPage;
}

}  // namespace

Regions::Regions(uint64_t capacity)
    : capacity_(checked_capacity(capacity)),
      request_fd_(shm::create_sealed("carton-request", capacity_)),
      response_fd_(shm::create_sealed("carton-response", capacity_)),
      request_(request_fd_.get(), 0, capacity_, shm::Access::SharedWrite),
      response_table_(response_fd_.get(), 0, wire::kArenaOffset, shm::Access::SharedRead),
      response_arena_(response_fd_.get(), wire::kArenaOffset, capacity_ - wire::kArenaOffset,
                      shm::Access::SharedWrite),
      request_arena_(capacity_ - wire::kArenaOffset) {
  shm::seal_future_writes(request_fd_.get());
}

wire::RequestControl& Regions::control() const {
  return *reinterpret_cast<wire::RequestControl*>(request_.data());
}

const wire::ResponseControl& Regions::runner_control() const {
  return *reinterpret_cast<const wire::ResponseControl*>(response_table_.data());
}

wire::RequestSlot& Regions::request(uint32_t slot) const {
  return reinterpret_cast<wire::RequestSlot*>(request_.data() + wire::kSlotsOffset)[slot];
}

const wire::ResponseSlot& Regions::response(uint32_t slot) const {
  return reinterpret_cast<const wire::ResponseSlot*>(response_table_.data() + wire::kSlotsOffset)[slot];
}

void Regions::release_request(const std::vector<uint64_t>& blocks) {
  if (blocks.empty()) return;
  std::lock_guard lock(request_mutex_);
  for (uint64_t offset : blocks) request_arena_.release(offset);
}

wire::Inbox Regions::inbox() const { return {response_arena_.data(), capacity_ - wire::kArenaOffset}; }

std::shared_ptr<const void> Regions::lease(uint64_t offset, uint64_t size) {
  std::lock_guard lock(lease_mutex_);
  auto next = leases_.lower_bound(offset);
  bool overlaps = next != leases_.end() && next->first - offset < size;
  if (next != leases_.begin()) {
    auto before = std::prev(next);
    overlaps = overlaps || offset - before->first < before->second;
  }
  if (overlaps) {
    throw Error(Code::RunnerProtocol, "an output lies in memory that another output still uses");
  }
  leases_.emplace(offset, size);
  auto self = shared_from_this();
  return std::shared_ptr<const void>(response_data(offset),
                                     [self, offset](const void*) { self->end_lease(offset); });
}

void Regions::end_lease(uint64_t offset) {
  if (fork_.forked()) return;
  std::lock_guard lock(lease_mutex_);
  leases_.erase(offset);
  push_return_locked(offset);
}

void Regions::give_back(uint64_t offset) {
  std::lock_guard lock(lease_mutex_);
  push_return_locked(offset);
}

void Regions::push_return_locked(uint64_t offset) {
  waiting_returns_.push_back(offset);
  flush_locked();
}

void Regions::flush_returns() {
  std::lock_guard lock(lease_mutex_);
  if (!waiting_returns_.empty()) flush_locked();
}

void Regions::flush_locked() {
  // How far the runner is may be a lie; the worst that follows is that it loses returns of its own.
  uint32_t taken = runner_control().returns_taken.load(std::memory_order_acquire);
  while (!waiting_returns_.empty() && returned_ - taken < wire::kReturnCount) {
    control().returns[returned_ % wire::kReturnCount] = waiting_returns_.back();
    waiting_returns_.pop_back();
    ++returned_;
  }
  control().returned.store(returned_, std::memory_order_release);
}

}  // namespace carton
