// Part of carton.hpp: a loaded carton, and calls that run in the background.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "carton/carton.h"
#include "carton/cpp/error.hpp"
#include "carton/cpp/info.hpp"
#include "carton/cpp/tensor_map.hpp"

namespace carton {
inline namespace v1 {

// As a timeout: wait for ever.
inline constexpr std::chrono::milliseconds no_timeout{-1};

enum class Verify : std::int32_t {
  Once = CARTON_VERIFY_ONCE,      // hash model files unless this very file was verified before
  Always = CARTON_VERIFY_ALWAYS,  // hash at every load
  Never = CARTON_VERIFY_NEVER     // trust the file
};

enum class LogLevel : std::int32_t {
  Trace = CARTON_LOG_TRACE,
  Debug = CARTON_LOG_DEBUG,
  Info = CARTON_LOG_INFO,
  Warning = CARTON_LOG_WARNING,
  Error = CARTON_LOG_ERROR
};

// What the model and its runner say; `source` is "stdout", "stderr" or "runner". Called on a thread of
// the library, one call at a time per model, never inside a call of the caller. It must not block for
// long nor close the model; an exception that it throws is dropped, as nobody could catch it.
using LogFunction =
    std::function<void(LogLevel level, const std::string& source, const std::string& message)>;

// What is not set has the library's default (carton_load_options_init in carton.h).
struct LoadOptions {
  std::optional<std::string> visible_device{};        // "cpu", an index such as "1", or "GPU-<uuid>"
  std::optional<std::string> override_runner_name{};  // instead of the carton's
  std::optional<std::string> override_required_framework_version{};  // a semver requirement
  std::optional<std::string> override_runner_opts{};      // JSON object laid over the carton's options
  std::optional<Verify> verify{};                         // Verify::Once
  std::optional<std::chrono::milliseconds> timeout{};     // of the whole load; 300 s; or no_timeout
  std::optional<std::chrono::milliseconds> kill_after{};  // a call given up on ends the runner; 30 s
  std::optional<std::uint64_t> region_capacity{};         // shared memory per direction, bytes; 4 GiB
  std::optional<std::uint64_t> memory{};                  // cap on the runner's data, bytes; none
  std::optional<LogLevel> log_level{};                    // least level that reaches `log`; Info
  LogFunction log{};                                      // without one, logs are dropped
};

// An inference that was started. Destroying it cancels it if it still runs.
class Call {
 public:
  // Waits until the call has ended, in whatever way; false when `timeout` passed first. Zero polls.
  bool wait(std::chrono::milliseconds timeout = no_timeout) const {
    std::int32_t done = 0;
    detail::check(carton_call_wait, handle(), static_cast<std::int64_t>(timeout.count()), &done);
    return done != 0;
  }

  // The outputs of a call that has ended, once; throws its error if it failed, and Code::Invalid while
  // it still runs.
  TensorMap take() {
    carton_tensors* outputs = nullptr;
    detail::check(carton_call_take, handle(), &outputs);
    return TensorMap::adopt(outputs);
  }

  // Waits for ever, then takes.
  TensorMap get() {
    wait();
    return take();
  }

  // Gives the call up: it ends with Code::Cancelled at once. Other calls are not touched.
  void cancel() { detail::check(carton_call_cancel, handle()); }

  carton_call* handle() const noexcept { return handle_.get(); }

 private:
  friend class Model;
  explicit Call(carton_call* handle) noexcept : handle_(handle) {}

  detail::Handle<carton_call, carton_call_free> handle_;
};

// A loaded carton and the process that runs it. Destroying it ends that process.
class Model {
 public:
  Model(Model&&) noexcept = default;
  // The old model goes before the log function that it may still be calling.
  Model& operator=(Model&& other) noexcept {
    handle_ = std::move(other.handle_);
    log_ = std::move(other.log_);
    return *this;
  }

  // `location`: a file or a directory. Verifies it, starts its runner and waits until it is ready.
  static Model load(const std::string& location, const LoadOptions& options = {}) {
    Model model;
    if (options.log) model.log_ = std::make_unique<LogFunction>(options.log);
    const carton_load_options raw = model.raw_options(options);
    carton_model* out = nullptr;
    detail::check(carton_load, location.c_str(), &raw, &out);
    model.handle_.reset(out);
    return model;
  }

  // Runs the model once and waits. `inputs` is only read and may be reused. After `timeout` it throws
  // Code::RunnerTimeout at once; the runner finishes the abandoned work by itself, or is ended when
  // that takes longer than kill_after.
  TensorMap infer(const TensorMap& inputs, std::chrono::milliseconds timeout = no_timeout) const {
    const carton_infer_options options = infer_options(timeout);
    carton_tensors* outputs = nullptr;
    detail::check(carton_model_infer, handle(), inputs.handle(), &options, &outputs);
    return TensorMap::adopt(outputs);
  }

  // Starts an inference and returns. Any number may be in flight. The call keeps what it needs: the
  // inputs and the model object may go before it (without their model, calls end with Code::Closed).
  Call start(const TensorMap& inputs, std::chrono::milliseconds timeout = no_timeout) const {
    const carton_infer_options options = infer_options(timeout);
    carton_call* out = nullptr;
    detail::check(carton_model_start, handle(), inputs.handle(), &options, &out);
    return Call(out);
  }

  // Ends the runner. Calls in flight, and later ones, fail with Code::Closed; outputs stay valid.
  // May be repeated. Waits for the process to be gone, at most a few seconds.
  void close() { detail::check(carton_model_close, handle()); }

  Info info() const {
    carton_info* out = nullptr;
    detail::check(carton_model_info, static_cast<const carton_model*>(handle()), &out);
    return Info::adopt(out);
  }

  // JSON: name, framework_version and runner_path of the runner that serves this model.
  std::string runner_json() const { return carton_model_runner_json(handle()); }
  // 0 when it has ended.
  std::int64_t runner_pid() const noexcept { return carton_model_runner_pid(handle()); }

  carton_model* handle() const noexcept { return handle_.get(); }

 private:
  Model() = default;

  static carton_infer_options infer_options(std::chrono::milliseconds timeout) {
    carton_infer_options options;
    carton_infer_options_init(&options);
    options.timeout_ms = timeout.count();
    return options;
  }

  // Borrows the texts of `options` and this model's log_.
  carton_load_options raw_options(const LoadOptions& options) const {
    carton_load_options raw;
    carton_load_options_init(&raw);
    const auto text = [](const std::optional<std::string>& value) {
      return value ? value->c_str() : nullptr;
    };
    raw.visible_device = text(options.visible_device);
    raw.override_runner_name = text(options.override_runner_name);
    raw.override_required_framework_version = text(options.override_required_framework_version);
    raw.override_runner_opts = text(options.override_runner_opts);
    if (options.verify) raw.verify = static_cast<std::int32_t>(*options.verify);
    if (options.timeout) raw.timeout_ms = options.timeout->count();
    if (options.kill_after) raw.kill_after_ms = options.kill_after->count();
    if (options.region_capacity) raw.region_capacity = *options.region_capacity;
    if (options.memory) raw.memory = *options.memory;
    if (options.log_level) raw.log_level = static_cast<std::int32_t>(*options.log_level);
    if (log_) raw.log = &forward_log;
    raw.log_user_data = log_.get();
    return raw;
  }

  static void forward_log(void* user_data, std::int32_t level, const char* source, const char* message) {
    try {
      (*static_cast<const LogFunction*>(user_data))(static_cast<LogLevel>(level), source, message);
    } catch (...) {  // must not unwind through the library's C frames
    }
  }

  // Before handle_, so that it is destroyed after: the library logs until the model is freed.
  std::unique_ptr<LogFunction> log_;
  detail::Handle<carton_model, carton_model_free> handle_;
};

}  // namespace v1
}  // namespace carton
