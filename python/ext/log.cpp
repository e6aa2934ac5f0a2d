#include "log.h"

#include <nanobind/nanobind.h>

#include <cstring>

#include "errors.h"
#include "interpreter.h"

namespace nb = nanobind;

namespace carton::python {

static PyObject* receiver = nullptr;  // cartonml._logging.emit; never freed: log threads may outlive all

void ensure_log_receiver() {
  if (!receiver) receiver = nb::module_::import_("cartonml._logging").attr("emit").inc_ref().ptr();
}

void forward_log(void*, int32_t level, const char* source, const char* message) {
  PythonEntered python;
  if (!python) return;
  try {
    nb::handle emit(receiver);
    emit(level, nb::str(source), nb::steal(decode(message, std::strlen(message))));
  } catch (nb::python_error& error) {
    error.restore();
    PyErr_WriteUnraisable(receiver);  // a handler of the user's failed: told, and the model goes on
  }
}

}  // namespace carton::python
