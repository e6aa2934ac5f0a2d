// Python objects whose memory libcarton borrows: carton_tensor_view's `release`.
#pragma once

#include <nanobind/nanobind.h>

namespace carton::python {

// A carton_release_fn: drops the reference to the PyObject `object`. Called on any thread. A thread that
// lacks the GIL never waits for it here (the library may hold a lock): the object is put aside, and dropped
// as soon as the interpreter runs.
void release_object(void* object);

// Drops the objects put aside. With the GIL.
void drop_released_objects();

void reset_keep_alive_after_fork();

}  // namespace carton::python
