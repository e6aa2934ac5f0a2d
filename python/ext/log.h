// What a runner says -> Python's logging.
#pragma once

#include <cstdint>

namespace carton::python {

// A carton_log_fn: calls cartonml._logging.emit.
void forward_log(void* user_data, int32_t level, const char* source, const char* message);

// Looks the receiver up; before a model is loaded, with the GIL.
void ensure_log_receiver();

}  // namespace carton::python
