// cartonml._native: what the Python package needs of libcarton, and no more. Private to the package.
#include <carton/carton.h>
#include <nanobind/nanobind.h>

#include "call.h"
#include "info.h"
#include "interpreter.h"
#include "load.h"
#include "model.h"

namespace nb = nanobind;

NB_MODULE(_native, module) {
  if (carton_abi_version() != CARTON_ABI_VERSION) {
    throw nb::import_error("cartonml/lib/libcarton.so is of another version; install cartonml again");
  }
  // A model may be alive when the interpreter ends: it was closed by then, and that is no defect.
  nb::set_leak_warnings(false);
  module.def("version", carton_version, "The version of libcarton.");
  module.def("live_objects", carton_live_objects, "Live handles of libcarton; for tests.");
  carton::python::register_interpreter(module);
  carton::python::register_info(module);
  carton::python::register_model(module);
  carton::python::register_call(module);
  carton::python::register_load(module);
}
