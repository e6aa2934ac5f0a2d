// A runner that follows a script of one fault, to prove that no way of dying or hanging reaches the
// host as anything but a typed error. The script is the first line of the file `fault` beside the
// program, or argv[1]: "<step> <deed>".
//
//   steps: start, hello, file, load, ready (after load, before saying so), serve (after saying so), take,
//          respond, close, none
//   deeds: kill, segv, abort, exit0, hang, garbage, flood (of log lines), replies (that nobody asked for)
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "window.h"
#include "wire/control.h"

namespace {

using namespace carton;
using nlohmann::json;

constexpr int kControl = 3;

std::string step, deed;

void read_script(int argc, char** argv) {
  if (argc > 2) {
    step = argv[1];
    deed = argv[2];
    return;
  }
  std::string program = argv[0];
  std::ifstream file(program.substr(0, program.rfind('/')) + "/fault");
  file >> step >> deed;
}

void garbage() {
  // Neither JSON nor anything that was asked for.
  const char bytes[] = "\x00\xff{{{";
  [[maybe_unused]] ssize_t sent = ::write(kControl, bytes, sizeof bytes);
}

[[noreturn]] void flood(const json& message) {
  for (;;) wire::send_control(kControl, message);
}

void act() {
  std::cerr << "last words at " << step << std::endl;
  if (deed == "kill") ::kill(::getpid(), SIGKILL);
  if (deed == "segv") {
    std::signal(SIGSEGV, SIG_DFL);
    ::raise(SIGSEGV);
  }
  if (deed == "abort") std::abort();
  if (deed == "exit0") ::_exit(0);
  if (deed == "garbage") garbage();
  if (deed == "flood") flood({{"type", "log"}, {"level", 0}, {"message", "x"}});
  if (deed == "replies") flood({{"type", "hello"}});
  for (;;) ::pause();
}

void at(const char* here) {
  if (step == here) act();
}

struct Files {
  Fd request, response;
  uint64_t size = 0;
  std::optional<runner::Window> window;
};

// The next control message; ends the process when the host is gone.
json next(Files& files) {
  for (;;) {
    pollfd ready{kControl, POLLIN, 0};
    ::poll(&ready, 1, -1);
    bool closed = false;
    auto message = wire::receive_control(kControl, &closed);
    if (closed) ::_exit(0);
    if (!message) continue;
    json body = wire::parse_control(message->text);
    if (body["type"] == "close") {
      at("close");
      ::_exit(0);
    }
    if (body["type"] == "attach" && body["what"] != "host") {
      (body["what"] == "request" ? files.request : files.response) = std::move(message->fd);
      files.size = body["size"].get<uint64_t>();
    }
    return body;
  }
}

void wait_for(Files& files, const char* type) {
  while (next(files)["type"] != type) {
  }
}

void greet(Files& files) {
  while (!files.request || !files.response) next(files);
  files.window.emplace(files.request.get(), files.size, files.response.get(), files.size);
  wire::send_control(kControl,
                     {{"type", "hello"}, {"protocol", 1}, {"name", "fault"}, {"framework_version", "1.0.0"}});
}

// Lies in every field of a response; the host must end us and answer with a protocol error.
void publish_garbage(wire::ResponseSlot& response, uint32_t sequence) {
  response.request_id = ~uint64_t{0};
  response.body_offset = 12345;
  response.body_size = ~uint64_t{0};
  response.word.store(wire::slot_word(sequence, wire::ResponseState::Done), std::memory_order_release);
  shm::wake_all(&response.word);
}

void serve(Files& files) {
  for (uint32_t taken = 0;; ++taken) {
    const auto& host = files.window->host_control();
    while (host.submitted.load(std::memory_order_acquire) == taken) {
      pollfd ready{kControl, POLLIN, 0};
      if (::poll(&ready, 1, 1) > 0) next(files);
    }
    uint32_t slot = host.submissions[taken % wire::kSlotCount];
    uint32_t sequence = wire::sequence_of(files.window->request(slot).word.load(std::memory_order_acquire));
    auto& response = files.window->response(slot);
    response.word.store(wire::slot_word(sequence, wire::ResponseState::Taken), std::memory_order_release);
    at("take");
    response.body_size = 64;  // half a response
    if (step == "respond" && deed == "garbage") publish_garbage(response, sequence);
    at("respond");
    auto encoded = wire::encode_error(files.window->request(slot).request_id,
                                      Error(Code::ModelError, "this runner has no model"), response.body);
    response.body_offset = encoded.offset;
    response.body_size = encoded.size;
    response.word.store(wire::slot_word(sequence, wire::ResponseState::Done), std::memory_order_release);
    shm::wake_all(&response.word);
  }
}

}  // namespace

int main(int argc, char** argv) {
  read_script(argc, argv);
  at("start");
  Files files;
  greet(files);
  at("hello");
  wait_for(files, "file");
  at("file");
  wait_for(files, "load");
  at("load");
  at("ready");
  wire::send_control(kControl, {{"type", "loaded"}});
  at("serve");
  serve(files);
}
