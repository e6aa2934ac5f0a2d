// Part of carton.hpp: errors, and the one place where a status of the C library becomes an exception.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "carton/carton.h"

namespace carton {
// The inline namespace keeps these types apart from those of another version of this header.
inline namespace v1 {

// The codes of carton.h; the meaning of each is described there.
enum class Code : std::int32_t {
  Format = CARTON_FORMAT,
  Unsupported = CARTON_UNSUPPORTED,
  Limit = CARTON_LIMIT,
  Integrity = CARTON_INTEGRITY,
  Policy = CARTON_POLICY,
  Network = CARTON_NETWORK,
  Io = CARTON_IO,
  NoSpace = CARTON_NO_SPACE,
  NoRunner = CARTON_NO_RUNNER,
  RunnerStart = CARTON_RUNNER_START,
  Invalid = CARTON_INVALID,
  RunnerCrashed = CARTON_RUNNER_CRASHED,
  RunnerTimeout = CARTON_RUNNER_TIMEOUT,
  RunnerProtocol = CARTON_RUNNER_PROTOCOL,
  ModelError = CARTON_MODEL_ERROR,
  Input = CARTON_INPUT,
  Cancelled = CARTON_CANCELLED,
  NoMemory = CARTON_NO_MEMORY,
  Forked = CARTON_FORKED,
  Closed = CARTON_CLOSED,
  Internal = CARTON_INTERNAL
};

// what() is "CODE: message", followed by "hint: ..." and the runner's last lines where there are any.
// Copying never throws. Visible across shared libraries, so that it can be caught in any of them.
class __attribute__((visibility("default"))) Error : public std::exception {
 public:
  Error(Code code, std::string message, std::string hint = {}, std::string log = {})
      : details_(std::make_shared<const Details>(
            Details{code, describe(code, message, hint, log), message, hint, log})) {}

  const char* what() const noexcept override { return details_->what.c_str(); }
  Code code() const noexcept { return details_->code; }
  const std::string& message() const noexcept { return details_->message; }  // expected, got, where
  const std::string& hint() const noexcept { return details_->hint; }        // what to do next, or ""
  const std::string& log() const noexcept { return details_->log; }          // runner's last stderr, or ""

 private:
  struct Details {
    Code code;
    std::string what, message, hint, log;
  };

  static std::string describe(Code code, const std::string& message, const std::string& hint,
                              const std::string& log) {
    std::string text = carton_code_name(static_cast<std::int32_t>(code));
    text += ": " + message;
    if (!hint.empty()) text += "\nhint: " + hint;
    if (!log.empty()) text += "\nlast lines of the runner:\n" + log;
    return text;
  }

  std::shared_ptr<const Details> details_;
};

namespace detail {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* handle) const noexcept {
    Free(handle);
  }
};

template <class T, auto Free>
using Handle = std::unique_ptr<T, Deleter<Free>>;

inline Error take_error(std::int32_t code, carton_error* raw) {
  const Handle<carton_error, carton_error_free> error(raw);
  if (!error) return {static_cast<Code>(code), "the library gave no description"};
  return {static_cast<Code>(code), carton_error_message(raw), carton_error_hint(raw), carton_error_log(raw)};
}

// Calls `function(arguments..., &error)` of carton.h and throws what it reports.
template <class Function, class... Arguments>
void check(Function function, Arguments... arguments) {
  carton_error* error = nullptr;
  const std::int32_t code = function(arguments..., &error);
  if (code != CARTON_OK) throw take_error(code, error);
}

}  // namespace detail
}  // namespace v1
}  // namespace carton
