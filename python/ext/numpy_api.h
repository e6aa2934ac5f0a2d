// numpy's C API, shared by all files of this module. numpy is imported with the first model, not with
// the module: ensure_numpy() comes before any PyArray_ call.
#pragma once

#include <nanobind/nanobind.h>

#define PY_ARRAY_UNIQUE_SYMBOL carton_numpy_api
#ifndef CARTON_DEFINES_NUMPY_API
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>

namespace carton::python {

// Throws ImportError when numpy is missing.
void ensure_numpy();

// numpy's number of ml_dtypes.bfloat16, importing ml_dtypes; throws ImportError when it is missing.
int bfloat16_type_number();

static_assert(sizeof(npy_intp) == sizeof(int64_t), "numpy's dimensions are passed on as int64");

}  // namespace carton::python
