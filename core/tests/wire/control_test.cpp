#include "wire/control.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "support/expect_code.h"

namespace carton::wire {
namespace {

struct Control : testing::Test {
  Control() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    host = Fd(ends[0]);
    runner = Fd(ends[1]);
  }
  std::optional<ControlMessage> receive() { return receive_control(host.get(), &closed); }
  Fd host, runner;
  bool closed = false;
};

TEST_F(Control, CarriesAnObjectAndADescriptor) {
  Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  send_control(runner.get(), {{"type", "file"}, {"n", 7}}, file.get());
  auto message = receive();
  ASSERT_TRUE(message.has_value());
  nlohmann::json body = parse_control(message->text);
  EXPECT_EQ(text_member(body, "type"), "file");
  EXPECT_EQ(number_member(body, "n", 0), 7);
  EXPECT_TRUE(message->fd);
  EXPECT_NE(::fcntl(message->fd.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(Control, TellsNothingThereFromTheEnd) {
  EXPECT_FALSE(receive().has_value());
  EXPECT_FALSE(closed);
  runner.reset();
  EXPECT_FALSE(receive().has_value());
  EXPECT_TRUE(closed);
}

TEST_F(Control, RefusesMoreThanOneDescriptorAndKeepsNone) {
  int pair[2] = {::dup(0), ::dup(0)};
  char byte = '{';
  iovec part{&byte, 1};
  alignas(cmsghdr) char buffer[CMSG_SPACE(sizeof pair)] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = buffer;
  header.msg_controllen = sizeof buffer;
  cmsghdr* control = CMSG_FIRSTHDR(&header);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof pair);
  std::memcpy(CMSG_DATA(control), pair, sizeof pair);
  ASSERT_EQ(::sendmsg(runner.get(), &header, 0), 1);
  ::close(pair[0]);
  ::close(pair[1]);
  int next_free = ::dup(0);
  ::close(next_free);
  EXPECT_CODE(Code::RunnerProtocol, "more than one descriptor", receive());
  int still_free = ::dup(0);
  ::close(still_free);
  EXPECT_EQ(next_free, still_free);
}

TEST_F(Control, RefusesAMessageThatIsTooLong) {
  int large = 1 << 20;
  ::setsockopt(runner.get(), SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
  std::string bytes(kMaxControl + 1, 'x');
  ASSERT_EQ(::send(runner.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  EXPECT_CODE(Code::RunnerProtocol, "longer than", receive());
  EXPECT_CODE(Code::Limit, "limited to", send_control(runner.get(), {{"x", bytes}}));
}

TEST_F(Control, OnlyObjectsAreMessages) {
  for (const char* bad : {"", "[]", "1", "{", "null", "{}{}", "\xFF"}) {
    EXPECT_CODE(Code::RunnerProtocol, "not a JSON object", parse_control(bad));
  }
  nlohmann::json body = parse_control(R"({"a": [1], "b": 2.5})");
  EXPECT_EQ(text_member(body, "a", "fallback"), "fallback");
  EXPECT_EQ(number_member(body, "b", -1), -1);
}

TEST_F(Control, ErrorsCrossAsCodeMessageAndHint) {
  Error error = error_of(error_message(Error(Code::Format, "bad \x1b[31mfile", "mend it")));
  EXPECT_EQ(error.code(), Code::Format);
  EXPECT_EQ(error.message(), "bad file");
  EXPECT_EQ(error.hint(), "mend it");
  EXPECT_EQ(error_of({{"code", 99}}).code(), Code::RunnerProtocol);
  EXPECT_EQ(error_of({{"code", static_cast<int>(Code::Closed)}}).code(), Code::RunnerProtocol);
}

}  // namespace
}  // namespace carton::wire
