// Write a runner: derive Runner and Model, and call serve() from main. runners/noop is the smallest
// one. The SDK does the rest: handshake, files, shared memory, threads, logs, the end of the host.
//
// Threads: load() runs on the main thread; infer() on one worker thread (the main thread, today), one
// request at a time. Exceptions: a carton::Error is passed on with its code; any other exception
// becomes MODEL_ERROR with its what(). The runner lives on after either.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "tensor/dtype.h"

namespace carton::runner {

using OptionValue = std::variant<int64_t, double, bool, std::string>;

// A file of the model, as a capability: `size` bytes at `offset` of a descriptor opened for reading.
// The descriptor belongs to the SDK and stays open as long as the process lives.
struct File {
  int fd = -1;
  uint64_t offset = 0;
  uint64_t size = 0;
};

struct LoadRequest {
  std::map<std::string, OptionValue> options;  // the carton's, with the caller's laid over them
  std::map<std::string, File> files;           // paths below model/: "model.pt"
  std::string device;                          // "cpu" or "cuda"; the visible GPU, if any, is number 0
  std::string required_framework_version;
};

// One input. All memory belongs to the SDK and is valid until infer() returns, not longer.
struct Input {
  std::string_view name;
  DType dtype;
  std::vector<int64_t> shape;
  uint64_t count = 0;  // elements
  // Numeric: `nbytes` row-major bytes, 64-byte aligned, writable: a write is private to this process
  // and is undone before the memory serves another request.
  std::byte* data = nullptr;
  uint64_t nbytes = 0;
  // Is `data` a mapped block of the request region? Then whoever keeps a reference to it beyond
  // infer() must have moved it to memory of its own before. If not, it is a private copy, but one
  // that is reused as well.
  bool mapped = false;
  std::vector<std::string> strings;  // DType::String: `count` of them
};

// The answer. Everything is copied out when add() is called.
class Outputs {
 public:
  virtual ~Outputs() = default;
  // `data` is row-major, count * dtype_size bytes. The name is at most 4096 bytes of UTF-8 and new.
  virtual void add(std::string_view name, DType dtype, const std::vector<int64_t>& shape,
                   const void* data) = 0;
  virtual void add_strings(std::string_view name, const std::vector<int64_t>& shape,
                           const std::vector<std::string_view>& strings) = 0;
};

class Model {
 public:
  virtual ~Model() = default;
  virtual void infer(std::vector<Input>& inputs, Outputs& outputs) = 0;
  // True only if infer() can never write to an input's memory; large inputs then stay mapped from
  // request to request instead of being dropped after each.
  virtual bool never_writes_inputs() const { return false; }
};

enum class LogLevel { Trace = 0, Debug = 1, Info = 2, Warning = 3, Error = 4 };

// To the host's log callback; any thread, never blocks the model.
void log(LogLevel level, std::string_view message);

class Runner {
 public:
  virtual ~Runner() = default;
  virtual std::string name() const = 0;               // "torchscript"
  virtual std::string framework_version() const = 0;  // full semver: "2.13.0"
  virtual std::unique_ptr<Model> load(const LoadRequest& request) = 0;
};

// Serves one model over the control socket that the host passed down (descriptor 3) until the host
// closes it or ends. The return value is the process's exit status. Started by hand, it prints
// what it is and how it is meant to be used.
int serve(int argc, char** argv, Runner& runner);

}  // namespace carton::runner
