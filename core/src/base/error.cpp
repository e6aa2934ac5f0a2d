#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace carton {

const char* code_name(Code code) {
  switch (code) {
    case Code::Ok:
      return "OK";
    case Code::Format:
      return "FORMAT";
    case Code::Unsupported:
      return "UNSUPPORTED";
    case Code::Limit:
      return "LIMIT";
    case Code::Integrity:
      return "INTEGRITY";
    case Code::Policy:
      return "POLICY";
    case Code::Network:
      return "NETWORK";
    case Code::Io:
      return "IO";
    case Code::NoSpace:
      return "NO_SPACE";
    case Code::NoRunner:
      return "NO_RUNNER";
    case Code::RunnerStart:
      return "RUNNER_START";
    case Code::Invalid:
      return "INVALID";
    case Code::RunnerCrashed:
      return "RUNNER_CRASHED";
    case Code::RunnerTimeout:
      return "RUNNER_TIMEOUT";
    case Code::RunnerProtocol:
      return "RUNNER_PROTOCOL";
    case Code::ModelError:
      return "MODEL_ERROR";
    case Code::Input:
      return "INPUT";
    case Code::Cancelled:
      return "CANCELLED";
    case Code::NoMemory:
      return "NO_MEMORY";
    case Code::Forked:
      return "FORKED";
    case Code::Closed:
      return "CLOSED";
    case Code::Internal:
      return "INTERNAL";
  }
  return "UNKNOWN";
}

bool is_runner_code(int64_t code) {
  if (code <= 0 || code > static_cast<int64_t>(Code::Internal)) return false;
  switch (static_cast<Code>(code)) {
    case Code::NoRunner:
    case Code::RunnerStart:
    case Code::RunnerCrashed:
    case Code::RunnerTimeout:
    case Code::Forked:
    case Code::Closed:
      return false;
    default:
      return true;
  }
}

Error Error::within(std::string_view where) const {
  return Error(code_, std::string(where) + ": " + message_, hint_, log_);
}

Error os_error(std::string_view what, int errno_value) {
  Code code = Code::Io;
  if (errno_value == ENOSPC || errno_value == EDQUOT) code = Code::NoSpace;
  if (errno_value == ENOMEM) code = Code::NoMemory;
  std::string hint;
  if (errno_value == EMFILE) hint = "raise the limit of open files (ulimit -n)";
  return Error(code, std::string(what) + ": " + std::strerror(errno_value), hint);
}

}  // namespace carton
