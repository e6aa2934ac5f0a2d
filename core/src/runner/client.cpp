#include "runner/client.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/strings.h"
#include "wire/control.h"

namespace carton {
namespace {

constexpr int64_t kSpinBudget = 50'000;  // ns; well under the cost of a sleep and a wake-up under load
constexpr int kMaintainMs = 20;

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
  // One descriptor serves all files that lie in it: a runner may hold only so many.
  auto [found, is_new] = sent_descriptors_.emplace(fd, sent_descriptors_.size());
  supervisor_->send(
      {{"type", "file"}, {"name", file}, {"descriptor", found->second}, {"offset", offset}, {"size", size}},
      deadline_ns, is_new ? fd : -1);
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

}  // namespace carton
