// carton_error -> the exception class of cartonml._errors. All functions need the GIL.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "handles.h"

namespace carton::python {

// Raises cartonml's class for `code`. `where` comes before the message.
[[noreturn]] void raise_error(int32_t code, const std::string& message, const std::string& hint,
                              const std::string& log = {});

// Raises cartonml's InvalidTypeError (code INVALID, and a TypeError).
[[noreturn]] void raise_type_error(const std::string& message, const std::string& hint);

// Takes over `error` and raises it, when `status` is not CARTON_OK. `where`, such as "input `a`: ", comes
// before its message.
// `error` is a reference, so that one expression may both fill and check it.
void check(int32_t status, carton_error*& error, const std::string& where = {});

// The pending Python exception as one line of text, cleared: to be told within a message of ours.
std::string take_python_error();

// UTF-8 of `text`, which may hold anything: invalid bytes are replaced.
PyObject* decode(const char* text, size_t length);

}  // namespace carton::python
