// Control messages: one JSON object per SOCK_SEQPACKET message, with at most one descriptor. Never on
// the hot path. Unknown keys and types are ignored by whoever receives them, so the protocol can grow.
//
//   host -> runner   hello {protocol_min, protocol_max}; attach {what: "host" | "request" | "response",
//                    size} + fd; file {name, descriptor, offset, size} + fd, once each; load {options,
//                    device, required_framework_version}; close {}
//   runner -> host   hello {protocol, name, framework_version}; loaded {}; error {code, message, hint};
//                    log {level, message}; exec_failed {step, errno} (the stub)
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "shm/futex.h"

namespace carton::wire {

inline constexpr uint64_t kMaxControl = 128 * 1024;  // bytes of one message

// Waits while the socket is full, until `deadline_ns` of CLOCK_MONOTONIC. Throws RUNNER_CRASHED when the
// peer is gone, RUNNER_TIMEOUT, LIMIT, IO.
void send_control(int socket, const nlohmann::json& message, int fd = -1,
                  int64_t deadline_ns = shm::kForever);
// Drops the message when the socket is full or the peer is gone.
void try_send_control(int socket, const nlohmann::json& message);

struct ControlMessage {
  std::string text;  // JSON, not yet parsed
  Fd fd;
};

// Takes one message that is there; nullopt when there is none now, or (`*closed` = true) none will come.
// Throws RUNNER_PROTOCOL for a message that is too long or carries more than one descriptor.
std::optional<ControlMessage> receive_control(int socket, bool* closed);

// An object, or RUNNER_PROTOCOL.
nlohmann::json parse_control(const std::string& text);
// The member `key` if it is a string (number), else `fallback`.
std::string text_member(const nlohmann::json& object, const char* key, const std::string& fallback = {});
int64_t number_member(const nlohmann::json& object, const char* key, int64_t fallback);

nlohmann::json error_message(const Error& error);
Error error_of(const nlohmann::json& message);  // texts made printable and cut

}  // namespace carton::wire
