// The objects behind carton.h's opaque pointers, and the one place where exceptions end.
#pragma once

#include <atomic>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fork.h"
#include "carton/carton.h"
#include "model/carton_file.h"
#include "model/model.h"
#include "tensor/tensor.h"

namespace carton::c_api {

inline std::atomic<int64_t> live_objects{0};

// Counts handles: base of every object that crosses the boundary.
class Counted {
 public:
  Counted() { live_objects.fetch_add(1, std::memory_order_relaxed); }
  ~Counted() { live_objects.fetch_sub(1, std::memory_order_relaxed); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
};

int32_t fail(carton_error** error, const Error& what) noexcept;

// Runs `body`; every exception becomes a code and, if wanted, an error object.
template <typename Body>
int32_t guarded(carton_error** error, Body body) noexcept {
  if (error != nullptr) *error = nullptr;
  try {
    body();
    return CARTON_OK;
  } catch (const Error& e) {
    return fail(error, e);
  } catch (const std::bad_alloc&) {
    return fail(error, Error(Code::NoMemory, "out of memory"));
  } catch (const std::exception& e) {
    return fail(error, Error(Code::Internal, e.what(), "this is a defect of Carton; please report it"));
  } catch (...) {
    return fail(
        error, Error(Code::Internal, "an unknown exception", "this is a defect of Carton; please report it"));
  }
}

// Throws INVALID: "`name` is NULL".
void require(const void* pointer, const char* name);

// The same, for an out-parameter, which is then cleared.
template <typename T>
void require_out(T** out) {
  require(out, "out");
  *out = nullptr;
}

carton_tensor* new_tensor(Tensor tensor);
carton_tensors* new_tensors(NamedTensors tensors);
NamedTensors to_named(const carton_tensors* map);
char* new_string(const std::string& value);

}  // namespace carton::c_api

struct carton_error : carton::c_api::Counted {
  explicit carton_error(carton::Error e) : error(std::move(e)) {}
  carton::Error error;
};

struct carton_tensor : carton::c_api::Counted {
  explicit carton_tensor(carton::Tensor t) : tensor(std::move(t)) {}
  carton::Tensor tensor;
  std::atomic<int32_t> references{1};
};

struct carton_tensors : carton::c_api::Counted {
  std::vector<std::pair<std::string, carton_tensor*>> entries;  // one reference each
  ~carton_tensors() {
    for (auto& [name, tensor] : entries) carton_tensor_free(tensor);
  }
};

struct carton_info : carton::c_api::Counted {
  explicit carton_info(std::shared_ptr<carton::CartonFile> f) : file(std::move(f)), json(file->json()) {}
  std::shared_ptr<carton::CartonFile> file;
  std::string json;
};

struct carton_model : carton::c_api::Counted {
  std::unique_ptr<carton::Model> model;
  std::string runner_json;
  carton::ForkGuard fork;
};

struct carton_call : carton::c_api::Counted {
  explicit carton_call(std::shared_ptr<carton::Call> c) : call(std::move(c)) {}
  std::shared_ptr<carton::Call> call;
  carton::ForkGuard fork;
};
