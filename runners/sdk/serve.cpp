#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/strings.h"
#include "link.h"
#include "runner.h"
#include "window.h"
#include "worker.h"

namespace carton::runner {
namespace {

using nlohmann::json;

constexpr int kControlFd = 3;
std::atomic<int> log_socket{-1};

// A file that the host handed over. A new descriptor comes with the first file that lies in it, and is
// kept in `descriptors` as long as the process lives.
File to_file(const json& message, Fd fd, std::vector<Fd>* descriptors) {
  auto number = static_cast<uint64_t>(wire::number_member(message, "descriptor", 0));
  if (fd) descriptors->push_back(std::move(fd));
  if (number >= descriptors->size()) {
    throw Error(Code::RunnerProtocol, text("a file in descriptor ", number, ", which did not come"));
  }
  File file;
  file.fd = (*descriptors)[number].get();
  file.offset = static_cast<uint64_t>(wire::number_member(message, "offset", 0));
  file.size = static_cast<uint64_t>(wire::number_member(message, "size", 0));
  return file;
}

std::map<std::string, OptionValue> to_options(const json& values) {
  std::map<std::string, OptionValue> options;
  for (const auto& [key, value] : values.items()) {
    if (value.is_boolean()) {
      options[key] = value.get<bool>();
    } else if (value.is_number_integer()) {
      options[key] = value.get<int64_t>();
    } else if (value.is_number_float()) {
      options[key] = value.get<double>();
    } else if (value.is_string()) {
      options[key] = value.get<std::string>();
    } else {
      throw Error(Code::Invalid,
                  "runner option " + quoted(key) + " must be a bool, integer, float or string");
    }
  }
  return options;
}

// What arrives before the model can be loaded.
class Session {
 public:
  Session(HostLink& link, Runner& runner) : link_(link), runner_(runner) {}

  void run() {
    for (;;) {
      wire::ControlMessage message = link_.receive();
      json body = wire::parse_control(message.text);
      std::string type = wire::text_member(body, "type");
      if (type == "hello") {
        hello_ = true;
      } else if (type == "attach") {
        attach(body, std::move(message.fd));
      } else if (type == "file") {
        request_.files[wire::text_member(body, "name")] = to_file(body, std::move(message.fd), &descriptors_);
      } else if (type == "load") {
        load(body);
      }
      greet();
    }
  }

 private:
  void attach(const json& body, Fd fd) {
    std::string what = wire::text_member(body, "what");
    auto size = static_cast<uint64_t>(wire::number_member(body, "size", 0));
    if (what == "host") {
      link_.watch(std::move(fd));
    } else if (what == "request") {
      request_fd_ = std::move(fd);
      request_size_ = size;
    } else if (what == "response") {
      response_fd_ = std::move(fd);
      response_size_ = size;
    }
  }

  // Answers the host's hello once both regions are here.
  void greet() {
    if (!hello_ || window_ || !request_fd_ || !response_fd_) return;
    try {
      window_.emplace(request_fd_.get(), request_size_, response_fd_.get(), response_size_);
    } catch (const Error& error) {
      link_.send(wire::error_message(error));
      return;
    }
    link_.send({{"type", "hello"},
                {"protocol", wire::kProtocolVersion},
                {"name", runner_.name()},
                {"framework_version", runner_.framework_version()}});
  }

  void load(const json& body) {
    try {
      request_.options = to_options(body.value("options", json::object()));
      request_.device = wire::text_member(body, "device", "cpu");
      request_.required_framework_version = wire::text_member(body, "required_framework_version");
      if (!window_) throw Error(Code::RunnerProtocol, "load before the regions were attached");
      model_ = runner_.load(request_);
    } catch (const Error& error) {
      link_.send(wire::error_message(error));
      return;
    } catch (const std::exception& error) {
      link_.send(wire::error_message(Error(Code::ModelError, error.what())));
      return;
    } catch (...) {
      link_.send(wire::error_message(Error(Code::ModelError, "the model threw an unknown exception")));
      return;
    }
    link_.send({{"type", "loaded"}});
    Worker(*window_, *model_).run();
  }

  HostLink& link_;
  Runner& runner_;
  bool hello_ = false;
  Fd request_fd_, response_fd_;
  uint64_t request_size_ = 0, response_size_ = 0;
  std::optional<Window> window_;
  LoadRequest request_;
  std::vector<Fd> descriptors_;
  std::unique_ptr<Model> model_;
};

bool started_by_a_host() {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(kControlFd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

}  // namespace

void log(LogLevel level, std::string_view message) {
  int socket = log_socket.load(std::memory_order_relaxed);
  if (socket < 0) return;
  wire::try_send_control(
      socket, {{"type", "log"}, {"level", static_cast<int>(level)}, {"message", std::string(message)}});
}

int serve(int argc, char** argv, Runner& runner) {
  if (!started_by_a_host()) {
    std::fprintf(stderr,
                 "This is the Carton runner `%s` for framework version %s. It is started by Carton when a\n"
                 "model that needs it is loaded, and cannot be used by hand.\n",
                 runner.name().c_str(), runner.framework_version().c_str());
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a model's print reaches the log line by line
  log_socket.store(kControlFd, std::memory_order_relaxed);
  try {
    HostLink link(kControlFd);
    Session(link, runner).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "carton runner: %s\n", error.what());
    return 1;
  }
  return 0;
}

}  // namespace carton::runner
