// How C++ threads and the interpreter meet: the GIL, the end of the interpreter, and forks.
#pragma once

#include <nanobind/nanobind.h>

#include <atomic>
#include <cstdint>
#include <shared_mutex>

namespace carton::python {

// Releases the GIL for a scope. When the interpreter ends in the meantime, a daemon thread stays here for
// ever, as Python 3.14 does it: earlier versions unwind the thread's C++ frames, which aborts the process.
class GilReleased {
 public:
  GilReleased();
  ~GilReleased();
  GilReleased(const GilReleased&) = delete;
  GilReleased& operator=(const GilReleased&) = delete;

 private:
  bool ends_interpreter_;
  PyThreadState* thread_;
};

// Keeps the interpreter from ending for a scope, on a thread without the GIL. False when it ends or has
// ended: then nothing of Python may be touched.
class PythonAlive {
 public:
  PythonAlive();
  explicit operator bool() const { return alive_; }

 private:
  std::shared_lock<std::shared_mutex> lock_;
  bool alive_;
};

// PythonAlive, and the GIL: for a thread of libcarton that calls into Python.
class PythonEntered {
 public:
  PythonEntered();
  ~PythonEntered();
  PythonEntered(const PythonEntered&) = delete;
  PythonEntered& operator=(const PythonEntered&) = delete;
  explicit operator bool() const { return static_cast<bool>(alive_); }

 private:
  PythonAlive alive_;
  PyGILState_STATE state_{};
};

// Waits until no thread is inside PythonAlive, and lets none in any more.
void close_python_to_threads();
bool python_is_closed();

// Remembers the process that made an object. In a forked child, the threads that would answer are
// missing: blocking calls and frees of the parent's objects are to be left alone there.
class MadeHere {
 public:
  MadeHere();
  explicit operator bool() const;

 private:
  uint32_t generation_;
};

void register_interpreter(nanobind::module_& module);

}  // namespace carton::python
