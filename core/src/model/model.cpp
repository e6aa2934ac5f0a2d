#include "model/model.h"

#include <nlohmann/json.hpp>
#include <variant>

#include "base/error.h"
#include "base/strings.h"
#include "model/device.h"
#include "model/spec_check.h"
#include "runner/config.h"
#include "runner/launch.h"
#include "runner/select.h"

namespace carton {
namespace {

using nlohmann::json;
constexpr int32_t kWarning = 3;

json option_values(const std::map<std::string, format::OptionValue>& opts) {
  json out = json::object();
  for (const auto& [key, value] : opts) {
    std::visit([&](const auto& v) { out[key] = v; }, value);
  }
  return out;
}

void overlay(json* opts, const std::string& overrides) {
  if (overrides.empty()) return;
  json values = json::parse(overrides, nullptr, /*allow_exceptions=*/false);
  if (!values.is_object()) {
    throw Error(Code::Invalid, text("override_runner_opts must be a JSON object, got ", quoted(overrides)));
  }
  for (const auto& [key, value] : values.items()) {
    if (value.is_structured() || value.is_null()) {
      throw Error(Code::Invalid,
                  text("runner option ", quoted(key), " must be a bool, integer, float or string"));
    }
    (*opts)[key] = value;
  }
}

RunnerRequirement requirement_of(const format::Metadata& metadata, const LoadOptions& options) {
  RunnerRequirement wanted;
  wanted.name = options.override_runner_name.value_or(metadata.runner.name);
  wanted.framework_version =
      options.override_required_framework_version.value_or(metadata.runner.required_framework_version);
  wanted.compat_version = metadata.runner.compat_version;
  return wanted;
}

Handover prepare_files(const CartonFile& carton, const Cache& cache, Verify verify, int64_t deadline_ns) {
  try {
    return Handover::prepare(carton, cache, verify, deadline_ns);
  } catch (const Error& error) {
    throw error.within(quoted(carton.location()));
  }
}

}  // namespace

int64_t deadline_after_ms(int64_t ms) {
  constexpr int64_t kMaxMs = INT64_MAX / 4'000'000;
  if (ms < 0 || ms > kMaxMs) return shm::kForever;
  return shm::now_ns() + ms * 1'000'000;
}

std::unique_ptr<Model> Model::load(const std::string& location, const LoadOptions& options) {
  int64_t deadline_ns = deadline_after_ms(options.timeout_ms);
  std::unique_ptr<Model> model(new Model());
  model->file_ = CartonFile::open(location);
  const format::Metadata& metadata = model->file_->metadata();
  for (const auto& warning : metadata.warnings) {
    if (options.log) options.log(kWarning, "carton", warning);
  }
  Config config = load_config();
  InstalledRunners installed = discover_runners(config.runner_dir);
  const RunnerRequirement wanted = requirement_of(metadata, options);
  model->runner_ = select_runner(installed, wanted);
  json request = {{"options", option_values(metadata.runner.opts)},
                  {"device", ""},
                  {"required_framework_version", wanted.framework_version}};
  overlay(&request["options"], options.override_runner_opts);
  model->launch(options);
  request["device"] = model->device_;

  // Hashing runs beside the runner's start; no file is handed over before it matched.
  Cache cache(config.cache_dir);
  Handover handover = prepare_files(*model->file_, cache, options.verify, deadline_ns);
  model->client_->handshake(deadline_ns);
  for (const auto& item : handover.items()) {
    model->client_->send_file(item.name, item.range.fd, item.range.offset, item.range.size, deadline_ns);
  }
  model->client_->load(request, deadline_ns);
  return model;
}

void Model::launch(const LoadOptions& options) {
  auto warn = [&](const std::string& message) {
    if (options.log) options.log(kWarning, "carton", message);
  };
  Device device = choose_device(options.visible_device, warn);
  device_ = device.kind;
  LaunchSpec spec;
  spec.program = runner_.program;
  spec.visible_devices = device.visible_devices;
  spec.memory = options.memory;
  ClientOptions client;
  client.name = carton::quoted(runner_.name + " " + runner_.framework_version);
  client.program = runner_.program;
  client.region_capacity = options.region_capacity;
  client.kill_after_ms = options.kill_after_ms;
  client.log = options.log ? options.log : [](int32_t, const char*, const std::string&) {};
  client_ = RunnerClient::create(carton::launch(spec), std::move(client));
}

Model::~Model() {
  try {
    if (client_) client_->close();
  } catch (const Error&) {
    // Forked: the runner is the parent's.
  }
}

std::shared_ptr<Call> Model::start(NamedTensors inputs, int64_t deadline_ns) {
  if (closed_.load(std::memory_order_acquire)) {
    throw Error(Code::Closed, "the model is closed", "load it again");
  }
  const auto& specs = file_->metadata().inputs;
  if (specs) check_inputs(*specs, inputs);
  return client_->start(std::move(inputs), deadline_ns);
}

void Model::close() {
  closed_.store(true, std::memory_order_release);
  client_->close();
}

}  // namespace carton
