// The runner's end of the control socket, and the watch over the host: when the host closes the
// socket or ends, this process ends, whatever the model is doing.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <thread>

#include "base/fd.h"
#include "wire/control.h"

namespace carton::runner {

class HostLink {
 public:
  explicit HostLink(int socket);

  // The next message that is not for the link itself ("close"). Waits.
  wire::ControlMessage receive();
  void send(const nlohmann::json& message);
  // From now on, the host's end also ends this process.
  void watch(Fd host_pidfd);

 private:
  void run();

  int socket_;
  Fd wake_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<wire::ControlMessage> messages_;
  Fd host_;
  std::thread thread_;
};

}  // namespace carton::runner
