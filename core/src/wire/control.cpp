#include "wire/control.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace carton::wire {
namespace {

using nlohmann::json;

constexpr size_t kMaxText = 64 * 1024;

union FdBuffer {
  char bytes[CMSG_SPACE(4 * sizeof(int))];  // room to notice that more than one was sent
  cmsghdr align;
};

std::string encode_text(const json& message) {
  // Bytes that are not UTF-8 (from a model's own text) are replaced, not thrown.
  std::string out = message.dump(-1, ' ', false, json::error_handler_t::replace);
  if (out.size() > kMaxControl) {
    throw Error(Code::Limit,
                text("a control message is limited to ", kMaxControl, " bytes, got ", out.size()),
                "shorten the runner options");
  }
  return out;
}

ssize_t send_bytes(int socket, const std::string& bytes, int fd, int flags) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  FdBuffer buffer{};
  if (fd >= 0) {
    header.msg_control = buffer.bytes;
    header.msg_controllen = CMSG_SPACE(sizeof(int));
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control), &fd, sizeof fd);
  }
  ssize_t sent;
  do {
    sent = ::sendmsg(socket, &header, flags | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

// Takes every descriptor out of `header`, so that none leaks, and returns the only one allowed.
Fd take_descriptor(msghdr* header) {
  Fd first;
  int count = 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(header); c != nullptr; c = CMSG_NXTHDR(header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    size_t fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < fds; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
      Fd owned(fd);
      if (count++ == 0) first = std::move(owned);
    }
  }
  if (count > 1 || (header->msg_flags & MSG_CTRUNC) != 0) {
    throw Error(Code::RunnerProtocol, "a control message carries more than one descriptor");
  }
  return first;
}

std::string cut(std::string value) {
  if (value.size() > kMaxText) value.resize(kMaxText);
  return printable(value);
}

}  // namespace

void send_control(int socket, const json& message, int fd, int64_t deadline_ns) {
  const std::string bytes = encode_text(message);
  while (send_bytes(socket, bytes, fd, MSG_DONTWAIT) < 0) {
    if (errno == EPIPE || errno == ECONNRESET) throw Error(Code::RunnerCrashed, "the peer is gone");
    if (errno != EAGAIN && errno != EWOULDBLOCK) throw os_error("send to the runner", errno);
    const int64_t left_ms = (deadline_ns - shm::now_ns()) / 1'000'000 + 1;
    if (left_ms <= 0) throw Error(Code::RunnerTimeout, "the peer does not read");
    pollfd writable{socket, POLLOUT, 0};
    ::poll(&writable, 1, static_cast<int>(std::min<int64_t>(left_ms, INT_MAX)));
  }
}

void try_send_control(int socket, const json& message) {
  try {
    send_bytes(socket, encode_text(message), -1, MSG_DONTWAIT);
  } catch (const Error&) {
    // Too long for a message: a log line is not worth a failure.
  }
}

std::optional<ControlMessage> receive_control(int socket, bool* closed) {
  *closed = false;
  ControlMessage message;
  message.text.resize(kMaxControl);
  iovec part{message.text.data(), message.text.size()};
  FdBuffer buffer{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = buffer.bytes;
  header.msg_controllen = sizeof buffer.bytes;
  ssize_t got;
  do {
    got = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    // ECONNRESET is told once, when the peer ended with messages of ours unread: its own last ones follow.
  } while (got < 0 && (errno == EINTR || errno == ECONNRESET));
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
  if (got <= 0) {
    *closed = true;
    return std::nullopt;
  }
  message.fd = take_descriptor(&header);
  if ((header.msg_flags & MSG_TRUNC) != 0) {
    throw Error(Code::RunnerProtocol, text("a control message is longer than ", kMaxControl, " bytes"));
  }
  message.text.resize(static_cast<size_t>(got));
  return message;
}

json parse_control(const std::string& text) {
  json out = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!out.is_object()) throw Error(Code::RunnerProtocol, "a control message is not a JSON object");
  return out;
}

std::string text_member(const json& object, const char* key, const std::string& fallback) {
  auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : fallback;
}

int64_t number_member(const json& object, const char* key, int64_t fallback) {
  auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : fallback;
}

json error_message(const Error& error) {
  return {{"type", "error"},
          {"code", static_cast<int32_t>(error.code())},
          {"message", error.message().substr(0, kMaxText / 2)},
          {"hint", error.hint().substr(0, kMaxText / 4)}};
}

Error error_of(const json& message) {
  int64_t code = number_member(message, "code", 0);
  if (!is_runner_code(code)) code = static_cast<int64_t>(Code::RunnerProtocol);
  return Error(static_cast<Code>(code), cut(text_member(message, "message")),
               cut(text_member(message, "hint")));
}

}  // namespace carton::wire
