#include "errors.h"

#include <cstring>

namespace nb = nanobind;

namespace carton::python {

PyObject* decode(const char* text, size_t length) {
  PyObject* decoded = PyUnicode_DecodeUTF8(text, static_cast<Py_ssize_t>(length), "replace");
  if (!decoded) throw nb::python_error();
  return decoded;
}

static nb::object text_object(const std::string& text) { return nb::steal(decode(text.data(), text.size())); }

[[noreturn]] static void raise_object(nb::handle error) {
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
  throw nb::python_error();
}

void raise_error(int32_t code, const std::string& message, const std::string& hint, const std::string& log) {
  nb::object make = nb::module_::import_("cartonml._errors").attr("error_from_code");
  nb::object error = make(code, text_object(message), text_object(hint), text_object(log));
  raise_object(error);
}

void raise_type_error(const std::string& message, const std::string& hint) {
  nb::object make = nb::module_::import_("cartonml._errors").attr("InvalidTypeError");
  raise_object(make(text_object(message), text_object(hint)));
}

void check(int32_t status, carton_error*& error, const std::string& where) {
  if (status == CARTON_OK) return;
  ErrorPtr owned(error);
  raise_error(status, where + carton_error_message(error), carton_error_hint(error), carton_error_log(error));
}

std::string take_python_error() {
  nb::python_error error;  // fetches and clears it
  nb::object text = nb::steal(PyObject_Str(error.value().ptr()));
  const char* utf8 = text.is_valid() ? PyUnicode_AsUTF8(text.ptr()) : nullptr;
  std::string line = Py_TYPE(error.value().ptr())->tp_name;
  if (utf8 && *utf8) line.append(": ").append(utf8);
  PyErr_Clear();
  return line;
}

}  // namespace carton::python
