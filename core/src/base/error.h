// Every failure inside Carton is a carton::Error: a stable code, what was expected and what came, and
// what to do next. Errors are thrown by value and turned into carton_error at the C boundary only.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace carton {

enum class Code : int32_t {
  Ok = 0,
  Format = 1,
  Unsupported = 2,
  Limit = 3,
  Integrity = 4,
  Policy = 5,
  Network = 6,
  Io = 7,
  NoSpace = 8,
  NoRunner = 9,
  RunnerStart = 10,
  Invalid = 11,
  RunnerCrashed = 12,
  RunnerTimeout = 13,
  RunnerProtocol = 14,
  ModelError = 15,
  Input = 16,
  Cancelled = 17,
  NoMemory = 18,
  Forked = 19,
  Closed = 20,
  Internal = 21,
};

// "FORMAT", "RUNNER_CRASHED", ...; "UNKNOWN" for a number outside the list.
const char* code_name(Code code);

// May a runner answer with this code? Not with those that say what became of the runner or of the
// caller's handle: only the host knows that.
bool is_runner_code(int64_t code);

class Error : public std::exception {
 public:
  Error(Code code, std::string message, std::string hint = {}, std::string log = {})
      : code_(code), message_(std::move(message)), hint_(std::move(hint)), log_(std::move(log)) {}

  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }
  const std::string& log() const { return log_; }
  const char* what() const noexcept override { return message_.c_str(); }

  // The same error with `where` in front of its message: "model.carton: ...".
  Error within(std::string_view where) const;

 private:
  Code code_;
  std::string message_, hint_, log_;
};

// IO, or NO_SPACE / NO_MEMORY where errno says so: "open `x`: No such file or directory".
Error os_error(std::string_view what, int errno_value);

}  // namespace carton
