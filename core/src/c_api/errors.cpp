#include "c_api/handles.h"

namespace carton::c_api {

int32_t fail(carton_error** error, const Error& what) noexcept {
  if (error != nullptr) {
    try {
      *error = new carton_error(what);
    } catch (...) {
      *error = nullptr;  // no memory for the message: the code alone has to do
    }
  }
  return static_cast<int32_t>(what.code());
}

void require(const void* pointer, const char* name) {
  if (pointer == nullptr) throw Error(Code::Invalid, std::string("`") + name + "` is NULL");
}

}  // namespace carton::c_api

const char* carton_code_name(int32_t code) { return carton::code_name(static_cast<carton::Code>(code)); }

int32_t carton_error_code(const carton_error* error) {
  return error == nullptr ? CARTON_OK : static_cast<int32_t>(error->error.code());
}
const char* carton_error_message(const carton_error* error) {
  return error == nullptr ? "" : error->error.message().c_str();
}
const char* carton_error_hint(const carton_error* error) {
  return error == nullptr ? "" : error->error.hint().c_str();
}
const char* carton_error_log(const carton_error* error) {
  return error == nullptr ? "" : error->error.log().c_str();
}
void carton_error_free(carton_error* error) { delete error; }
