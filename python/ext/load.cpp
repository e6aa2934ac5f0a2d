#include "load.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "errors.h"
#include "log.h"
#include "numpy_api.h"

namespace nb = nanobind;

namespace carton::python {

static const char* or_null(const std::optional<std::string>& text) { return text ? text->c_str() : nullptr; }

struct Load::State {
  LoadRequest request;
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false, abandoned = false;
  int32_t status = CARTON_OK;
  carton_model* model = nullptr;
  carton_error* error = nullptr;

  explicit State(LoadRequest wanted) : request(std::move(wanted)) {
    carton_load_options& options = request.options;
    options.visible_device = or_null(request.visible_device);
    options.override_runner_name = or_null(request.runner_name);
    options.override_required_framework_version = or_null(request.required_framework_version);
    options.override_runner_opts = or_null(request.runner_opts);
    options.log = forward_log;
  }
  ~State() { carton_error_free(error); }

  // The body of the thread, which never touches Python.
  void run() {
    carton_model* loaded = nullptr;
    carton_error* failure = nullptr;
    int32_t result = carton_load(request.location.c_str(), &request.options, &loaded, &failure);
    std::unique_lock lock(mutex);
    status = result;
    error = failure;
    done = true;
    if (!abandoned) std::swap(model, loaded);
    changed.notify_all();
    lock.unlock();
    carton_model_free(loaded);
  }

  bool ended_within(std::chrono::milliseconds slice) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, slice, [this] { return done || abandoned; });
  }
};

Load::Load(LoadRequest request) : state_(std::make_shared<State>(std::move(request))) {
  try {
    std::thread([state = state_] { state->run(); }).detach();
  } catch (const std::system_error& error) {
    raise_error(CARTON_NO_MEMORY, std::string("a thread could not be started: ") + error.what(),
                "the process may have reached its limit of threads (ulimit -u)");
  }
}

void Load::wait() {
  for (;;) {
    if (PyErr_CheckSignals() != 0) {
      nb::python_error interrupted;
      abandon();
      throw interrupted;
    }
    if (!made_here_) {
      raise_error(CARTON_FORKED, "a load that began before a fork cannot end in the child",
                  "load the model in the process that uses it");
    }
    GilReleased released;
    if (state_->ended_within(std::chrono::milliseconds(50))) return;
  }
}

std::unique_ptr<Model> Load::take() {
  std::unique_lock lock(state_->mutex);
  if (state_->abandoned) raise_error(CARTON_CANCELLED, "the load was given up", "load the carton again");
  int32_t status = state_->status;
  carton_error* error = std::exchange(state_->error, nullptr);
  carton_model* model = std::exchange(state_->model, nullptr);
  lock.unlock();
  check(status, error);
  return std::make_unique<Model>(model);
}

void Load::abandon() {
  if (!made_here_) return;
  carton_model* model = nullptr;
  {
    std::lock_guard lock(state_->mutex);
    state_->abandoned = true;
    std::swap(model, state_->model);
    state_->changed.notify_all();
  }
  if (!model) return;
  try {
    std::thread(carton_model_free, model).detach();
  } catch (const std::system_error&) {
    GilReleased released;
    carton_model_free(model);
  }
}

// Parameters as in carton_load_options; strings: None is not set.
static std::unique_ptr<Load> make_load(nb::bytes location, std::optional<std::string> visible_device,
                                       std::optional<std::string> runner_name,
                                       std::optional<std::string> required_framework_version,
                                       std::optional<std::string> runner_opts, int32_t verify,
                                       int32_t log_level, int64_t timeout_ms, int64_t kill_after_ms,
                                       std::optional<uint64_t> region_capacity, uint64_t memory) {
  LoadRequest request{location.c_str(),       std::move(visible_device),
                      std::move(runner_name), std::move(required_framework_version),
                      std::move(runner_opts), {}};
  carton_load_options_init(&request.options);
  request.options.verify = verify;
  request.options.log_level = log_level;
  request.options.timeout_ms = timeout_ms;
  request.options.kill_after_ms = kill_after_ms;
  if (region_capacity) request.options.region_capacity = *region_capacity;
  request.options.memory = memory;
  ensure_log_receiver();
  auto load = std::make_unique<Load>(std::move(request));
  ensure_numpy();  // here, since importing it takes about as long as a small runner needs to start
  return load;
}

void register_load(nb::module_& module) {
  nb::class_<Load>(module, "Load", nb::is_weak_referenceable(), "A load under way, on a thread of its own.")
      .def("wait", &Load::wait, "Block until the load has ended or was abandoned.")
      .def("take", &Load::take, "The Model of a load that has ended, once; or its error.")
      .def("abandon", &Load::abandon, "Close the model as soon as it is there; does not block.");
  module.def("load", make_load, nb::kw_only(), nb::arg("location"), nb::arg("visible_device").none(),
             nb::arg("runner_name").none(), nb::arg("required_framework_version").none(),
             nb::arg("runner_opts").none(), nb::arg("verify"), nb::arg("log_level"), nb::arg("timeout_ms"),
             nb::arg("kill_after_ms"), nb::arg("region_capacity").none(), nb::arg("memory"),
             "Begin to load a carton; options as in carton_load_options.");
}

}  // namespace carton::python
