#include "interpreter.h"

#include <pthread.h>
#include <unistd.h>

#include <mutex>
#include <new>

#include "keep_alive.h"
#include "model.h"

namespace nb = nanobind;

namespace carton::python {
namespace {

std::shared_mutex python_alive;  // shared: a library thread is inside Python
std::atomic<bool> python_closed{false};
std::atomic<uint32_t> forks{0};  // of this process and its ancestors

bool interpreter_is_finalizing() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

// A library thread may have held the mutex at the fork; it does not exist in the child.
void after_fork_in_child() {
  new (&python_alive) std::shared_mutex;
  reset_keep_alive_after_fork();
  forks.fetch_add(1, std::memory_order_relaxed);
}

// Runs before the interpreter is taken down: models that are still open end here, while their logs can
// still be delivered.
void at_exit() {
  close_all_models();
  close_python_to_threads();
}

}  // namespace

// Once finalization has begun, only the thread that finalizes can hold the GIL.
GilReleased::GilReleased() : ends_interpreter_(interpreter_is_finalizing()), thread_(PyEval_SaveThread()) {}

GilReleased::~GilReleased() {
  while (!ends_interpreter_ && interpreter_is_finalizing()) pause();
  PyEval_RestoreThread(thread_);
}

PythonAlive::PythonAlive() : lock_(python_alive), alive_(!python_is_closed()) {}

PythonEntered::PythonEntered() {
  if (alive_) state_ = PyGILState_Ensure();
}

PythonEntered::~PythonEntered() {
  if (alive_) PyGILState_Release(state_);
}

void close_python_to_threads() {
  GilReleased released;
  std::unique_lock<std::shared_mutex> alone(python_alive);
  python_closed.store(true, std::memory_order_release);
}

bool python_is_closed() { return python_closed.load(std::memory_order_acquire); }

MadeHere::MadeHere() : generation_(forks.load(std::memory_order_relaxed)) {}
MadeHere::operator bool() const { return generation_ == forks.load(std::memory_order_relaxed); }

void register_interpreter(nb::module_& module) {
  pthread_atfork(nullptr, nullptr, after_fork_in_child);
  nb::module_::import_("atexit").attr("register")(nb::cpp_function(at_exit));
}

}  // namespace carton::python
