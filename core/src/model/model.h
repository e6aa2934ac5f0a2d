// A loaded carton: its metadata and the runner that serves it. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "model/carton_file.h"
#include "model/handover.h"
#include "runner/client.h"
#include "runner/discovery.h"

namespace carton {

struct LoadOptions {
  std::optional<std::string> visible_device;
  std::optional<std::string> override_runner_name;
  std::optional<std::string> override_required_framework_version;
  std::string override_runner_opts;  // a JSON object; "" = none
  Verify verify = Verify::Once;
  int64_t timeout_ms = 300'000;  // -1: none
  int64_t kill_after_ms = 30'000;
  uint64_t region_capacity = uint64_t{4} << 30;
  uint64_t memory = 0;
  // On the runner's supervisor thread, or on the loading thread during load.
  std::function<void(int32_t level, const char* source, const std::string& message)> log;
};

class Model {
 public:
  static std::unique_ptr<Model> load(const std::string& location, const LoadOptions& options);
  ~Model();

  const std::shared_ptr<CartonFile>& file() const { return file_; }
  const InstalledRunner& runner() const { return runner_; }
  pid_t runner_pid() const { return client_->pid(); }

  // Checks the inputs against the specs and starts a call. `deadline_ns` of CLOCK_MONOTONIC.
  std::shared_ptr<Call> start(NamedTensors inputs, int64_t deadline_ns);
  void close();

 private:
  Model() = default;
  void launch(const LoadOptions& options);

  std::shared_ptr<CartonFile> file_;
  InstalledRunner runner_;
  std::shared_ptr<RunnerClient> client_;
  std::string device_;  // "cpu" or "cuda"
  std::atomic<bool> closed_{false};
};

// Nanoseconds of CLOCK_MONOTONIC `ms` from now; kForever for a negative number.
int64_t deadline_after_ms(int64_t ms);

}  // namespace carton
