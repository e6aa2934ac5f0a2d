#include "link.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace carton::runner {
namespace {

[[noreturn]] void leave(int status) {
  // Not exit(): a model may be running on another thread, and destructors must not race with it.
  std::fflush(nullptr);
  ::_exit(status);
}

}  // namespace

HostLink::HostLink(int socket) : socket_(socket), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw os_error("eventfd", errno);
  thread_ = std::thread([this] { run(); });
  thread_.detach();  // lives as long as the process
}

wire::ControlMessage HostLink::receive() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [&] { return !messages_.empty(); });
  wire::ControlMessage message = std::move(messages_.front());
  messages_.pop_front();
  return message;
}

void HostLink::send(const nlohmann::json& message) { wire::send_control(socket_, message); }

void HostLink::watch(Fd host_pidfd) {
  {
    std::lock_guard lock(mutex_);
    host_ = std::move(host_pidfd);
  }
  uint64_t one = 1;
  [[maybe_unused]] ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

void HostLink::run() {
  for (;;) {
    int host;
    {
      std::lock_guard lock(mutex_);
      host = host_.get();
    }
    pollfd watched[3] = {{socket_, POLLIN, 0}, {host, POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    if (::poll(watched, 3, -1) < 0 && errno != EINTR) leave(1);
    if (watched[1].revents != 0) leave(0);
    uint64_t ignored;
    [[maybe_unused]] ssize_t got = ::read(wake_.get(), &ignored, sizeof ignored);
    try {
      bool closed = false;
      while (auto message = wire::receive_control(socket_, &closed)) {
        if (wire::text_member(wire::parse_control(message->text), "type") == "close") leave(0);
        std::lock_guard lock(mutex_);
        messages_.push_back(std::move(*message));
        arrived_.notify_one();
      }
      if (closed) leave(0);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "carton runner: %s\n", error.what());
      leave(1);
    }
  }
}

}  // namespace carton::runner
