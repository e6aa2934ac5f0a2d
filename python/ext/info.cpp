#include "info.h"

#include <algorithm>
#include <cstring>

#include "convert.h"
#include "errors.h"
#include "interpreter.h"

namespace nb = nanobind;

namespace carton::python {

static nb::str text_from(const char* utf8) { return nb::steal<nb::str>(decode(utf8, std::strlen(utf8))); }

Info::Info(nb::bytes location) {
  carton_info* info = nullptr;
  carton_error* error = nullptr;
  int32_t status;
  {
    GilReleased released;
    status = carton_info_open(location.c_str(), &info, &error);
  }
  check(status, error);
  info_.reset(info);
}

nb::str Info::json() const { return text_from(carton_info_json(info_.get())); }
nb::str Info::manifest_sha256() const { return text_from(carton_info_manifest_sha256(info_.get())); }

nb::object Info::tensor(const char* name) const {
  carton_tensor* tensor = nullptr;
  carton_error* error = nullptr;
  int32_t status;
  {
    GilReleased released;
    status = carton_info_tensor(info_.get(), name, &tensor, &error);
  }
  check(status, error);
  TensorPtr owned(tensor);
  return array_from_tensor(tensor);
}

nb::object Info::read(const char* path, uint64_t offset, uint64_t size) const {
  PyObject* bytes = PyBytes_FromStringAndSize(
      nullptr, static_cast<Py_ssize_t>(std::min<uint64_t>(size, PY_SSIZE_T_MAX / 2)));
  if (!bytes) throw nb::python_error();
  nb::object owned = nb::steal(bytes);
  const auto capacity = static_cast<uint64_t>(PyBytes_GET_SIZE(bytes));
  uint64_t length = 0, total = 0;
  carton_error* error = nullptr;
  int32_t status = CARTON_OK;
  {
    GilReleased released;
    while (total < capacity) {
      status = carton_info_read(info_.get(), path, offset + total, PyBytes_AS_STRING(bytes) + total,
                                capacity - total, &length, &error);
      if (status != CARTON_OK || length == 0) break;
      total += length;
    }
  }
  check(status, error);
  bytes = owned.release().ptr();
  if (total < capacity && _PyBytes_Resize(&bytes, static_cast<Py_ssize_t>(total)) != 0)
    throw nb::python_error();
  return nb::steal(bytes);
}

nb::str Info::verify() const {
  char* report = nullptr;
  carton_error* error = nullptr;
  int32_t status;
  {
    GilReleased released;
    status = carton_info_verify(info_.get(), &report, &error);
  }
  check(status, error);
  return text_from(TextPtr(report).get());
}

static nb::str runners_json() {
  char* text = nullptr;
  carton_error* error = nullptr;
  int32_t status;
  {
    GilReleased released;
    status = carton_runners_json(&text, &error);
  }
  check(status, error);
  return text_from(TextPtr(text).get());
}

void register_info(nb::module_& module) {
  nb::class_<Info>(module, "Info", "What a carton says of itself (carton_info); keeps the file open.")
      .def(nb::init<nb::bytes>(), nb::arg("location"), "Open a file or directory: os.fsencode(path).")
      .def_prop_ro("json", &Info::json, "Everything, as the JSON object of spec/c-abi.md.")
      .def_prop_ro("manifest_sha256", &Info::manifest_sha256, "Identifies the model.")
      .def("tensor", &Info::tensor, nb::arg("name"), "The stored tensor `name` as a numpy array.")
      .def("read", &Info::read, nb::arg("path"), nb::arg("offset"), nb::arg("size"),
           "Up to `size` bytes of the file `path`, uncompressed; fewer at its end.")
      .def("verify", &Info::verify, "Hash every file; a JSON report as of carton_info_verify.");
  module.def("runners_json", runners_json, "The installed runners, as JSON of carton_runners_json.");
}

}  // namespace carton::python
