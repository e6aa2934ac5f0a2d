#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "c_api/handles.h"

namespace carton::c_api {
namespace {

// The caller's struct, with defaults where it is absent or older than this library.
template <typename Options>
Options complete(const Options* given, void (*init)(Options*)) {
  Options options;
  init(&options);
  if (given == nullptr) return options;
  if (given->size < sizeof given->size || given->size > 4096) {
    throw Error(Code::Invalid, text("the options' size is ", given->size),
                "set options up with their _init function");
  }
  std::memcpy(&options, given, std::min<uint64_t>(given->size, sizeof options));
  return options;
}

std::optional<std::string> optional_text(const char* value) {
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Verify checked_verify(int32_t value) {
  if (value == CARTON_VERIFY_ONCE) return Verify::Once;
  if (value == CARTON_VERIFY_ALWAYS) return Verify::Always;
  if (value == CARTON_VERIFY_NEVER) return Verify::Never;
  throw Error(Code::Invalid, text("verify must be a carton_verify, got ", value));
}

LoadOptions to_load_options(const carton_load_options& given) {
  LoadOptions options;
  options.visible_device = optional_text(given.visible_device);
  options.override_runner_name = optional_text(given.override_runner_name);
  options.override_required_framework_version = optional_text(given.override_required_framework_version);
  options.override_runner_opts = given.override_runner_opts == nullptr ? "" : given.override_runner_opts;
  options.verify = checked_verify(given.verify);
  options.timeout_ms = given.timeout_ms;
  options.kill_after_ms = given.kill_after_ms;
  options.region_capacity = given.region_capacity;
  options.memory = given.memory;
  if (given.log != nullptr) {
    auto sink = given.log;
    auto user_data = given.log_user_data;
    auto least = given.log_level;
    options.log = [sink, user_data, least](int32_t level, const char* source, const std::string& message) {
      if (level >= least) sink(user_data, level, source, message.c_str());
    };
  }
  return options;
}

std::string describe(const InstalledRunner& runner) {
  return nlohmann::json{
      {"name", runner.name}, {"framework_version", runner.framework_version}, {"runner_path", runner.program}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Model& usable(const carton_model* model) {
  require(model, "model");
  if (model->fork.forked()) {
    throw Error(Code::Forked, "the model was loaded in the parent process", "load it again in the child");
  }
  return *model->model;
}

std::shared_ptr<Call> start(carton_model* model, const carton_tensors* inputs,
                            const carton_infer_options* given) {
  Model& loaded = usable(model);
  require(inputs, "inputs");
  int64_t deadline = shm::kForever;
  if (given != nullptr) deadline = deadline_after_ms(complete(given, carton_infer_options_init).timeout_ms);
  return loaded.start(to_named(inputs), deadline);
}

Call& usable(carton_call* call) {
  require(call, "call");
  if (call->fork.forked()) throw Error(Code::Forked, "the call was started in the parent process");
  return *call->call;
}

}  // namespace
}  // namespace carton::c_api

using namespace carton;
using namespace carton::c_api;

int32_t carton_abi_version(void) { return CARTON_ABI_VERSION; }
const char* carton_version(void) { return CARTON_VERSION; }
int64_t carton_live_objects(void) { return live_objects.load(std::memory_order_relaxed); }

void carton_load_options_init(carton_load_options* options) {
  if (options == nullptr) return;
  const LoadOptions defaults;
  *options = carton_load_options{};
  options->size = sizeof *options;
  options->verify = CARTON_VERIFY_ONCE;
  options->log_level = CARTON_LOG_INFO;
  options->timeout_ms = defaults.timeout_ms;
  options->kill_after_ms = defaults.kill_after_ms;
  options->region_capacity = defaults.region_capacity;
}

void carton_infer_options_init(carton_infer_options* options) {
  if (options == nullptr) return;
  *options = carton_infer_options{};
  options->size = sizeof *options;
  options->timeout_ms = -1;
}

int32_t carton_load(const char* location, const carton_load_options* options, carton_model** out,
                    carton_error** error) {
  return guarded(error, [&] {
    require_out(out);
    require(location, "location");
    auto handle = std::make_unique<carton_model>();
    handle->model = Model::load(location, to_load_options(complete(options, carton_load_options_init)));
    handle->runner_json = describe(handle->model->runner());
    *out = handle.release();
  });
}

int32_t carton_model_info(const carton_model* model, carton_info** out, carton_error** error) {
  return guarded(error, [&] {
    require_out(out);
    require(model, "model");
    *out = new carton_info(model->model->file());
  });
}

int64_t carton_model_runner_pid(const carton_model* model) {
  return model == nullptr || model->fork.forked() ? 0 : model->model->runner_pid();
}

const char* carton_model_runner_json(const carton_model* model) {
  return model == nullptr ? "" : model->runner_json.c_str();
}

int32_t carton_model_infer(carton_model* model, const carton_tensors* inputs,
                           const carton_infer_options* options, carton_tensors** outputs,
                           carton_error** error) {
  return guarded(error, [&] {
    require_out(outputs);
    auto call = start(model, inputs, options);
    while (!call->wait(shm::kForever)) {
    }
    *outputs = new_tensors(call->take());
  });
}

int32_t carton_model_close(carton_model* model, carton_error** error) {
  return guarded(error, [&] { usable(model).close(); });
}

void carton_model_free(carton_model* model) {
  if (model == nullptr) return;
  // A forked child has copies of the parent's handles, but neither its threads nor its runner.
  if (model->fork.forked()) static_cast<void>(model->model.release());
  delete model;
}

int32_t carton_model_start(carton_model* model, const carton_tensors* inputs,
                           const carton_infer_options* options, carton_call** out, carton_error** error) {
  return guarded(error, [&] {
    require_out(out);
    *out = new carton_call(start(model, inputs, options));
  });
}

int32_t carton_call_wait(carton_call* call, int64_t timeout_ms, int32_t* done, carton_error** error) {
  return guarded(error, [&] {
    require(done, "done");
    *done = 0;
    *done = usable(call).wait(deadline_after_ms(timeout_ms)) ? 1 : 0;
  });
}

int32_t carton_call_take(carton_call* call, carton_tensors** outputs, carton_error** error) {
  return guarded(error, [&] {
    require_out(outputs);
    *outputs = new_tensors(usable(call).take());
  });
}

int32_t carton_call_cancel(carton_call* call, carton_error** error) {
  return guarded(error, [&] { usable(call).cancel(); });
}

void carton_call_free(carton_call* call) {
  if (call == nullptr) return;
  // In a forked child the runner's client must not be torn down: leave the copy alone.
  if (call->fork.forked()) {
    new std::shared_ptr<Call>(std::move(call->call));
  } else {
    call->call->cancel();
  }
  delete call;
}
