#include "keep_alive.h"

#include <atomic>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "interpreter.h"

namespace carton::python {
namespace {

std::mutex aside_mutex;
std::vector<PyObject*> aside;
std::atomic<bool> any_aside{false};

int drop_in_main_thread(void*) {
  drop_released_objects();
  return 0;
}

void put_aside(PyObject* object) {
  PythonAlive alive;
  if (!alive) return;
  bool first;
  {
    std::lock_guard lock(aside_mutex);
    first = aside.empty();
    aside.push_back(object);
    any_aside.store(true, std::memory_order_release);
  }
  // When the interpreter's list of pending calls is full, the next inference drops them.
  if (first) Py_AddPendingCall(drop_in_main_thread, nullptr);
}

}  // namespace

void release_object(void* object) {
  if (python_is_closed()) return;  // the process ends; its memory goes with it
  if (PyGILState_Check()) {
    Py_DECREF(static_cast<PyObject*>(object));
  } else {
    put_aside(static_cast<PyObject*>(object));
  }
}

void drop_released_objects() {
  if (!any_aside.load(std::memory_order_acquire)) return;
  std::vector<PyObject*> objects;
  {
    std::lock_guard lock(aside_mutex);
    objects = std::exchange(aside, {});
    any_aside.store(false, std::memory_order_relaxed);
  }
  for (PyObject* object : objects) Py_DECREF(object);
}

void reset_keep_alive_after_fork() { new (&aside_mutex) std::mutex; }

}  // namespace carton::python
