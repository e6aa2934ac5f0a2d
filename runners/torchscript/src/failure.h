// libtorch's exceptions, cut to what helps the reader of an error: the Python exception, its message,
// and the lines of the model's own source that led to it; no C++ frames, no serialized code.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace carton::torchscript {

// The text of an exception without libtorch's C++ backtrace.
std::string message_of(const std::exception& exception);

// "RuntimeError: KeyError: b\n  model.py:31, in forward: return x["b"]" from the text of an exception
// that the TorchScript interpreter raised; one source line per frame, the innermost last. Other text is
// returned as it is, less its C++ backtrace.
std::string summarize_failure(std::string_view what);

// The part of a loader's message that says what is wrong with an archive.
std::string summarize_load_failure(std::string_view what);

}  // namespace carton::torchscript
