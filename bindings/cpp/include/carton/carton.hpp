// Load a .carton file and run it, from C++17 on: a thin header-only layer over carton.h.
//
//   auto model = carton::Model::load("model.carton");
//   auto outputs = model.infer({{"a", carton::Tensor::of({1.0f, 2.0f, 3.0f})},
//                               {"b", carton::Tensor::text("hello")}});
//   std::vector<float> doubled = outputs["doubled"].to_vector<float>();
//
// Errors: every function that can fail throws carton::Error, which carries the code, the message, a
// hint what to do next, and the last lines that the runner wrote to stderr.
// Ownership: every type here owns what it holds and is move-only; share() makes a second handle to
// the same object where that is meaningful. A moved-from object may only be destroyed or assigned to.
// Threads: Model and Info may be used from many threads at once. Tensor, TensorMap and Call belong to
// one thread at a time (reading by many is fine). No object is bound to the thread that made it.
#pragma once

#include "carton/cpp/dtype.hpp"
#include "carton/cpp/error.hpp"
#include "carton/cpp/info.hpp"
#include "carton/cpp/model.hpp"
#include "carton/cpp/tensor.hpp"
#include "carton/cpp/tensor_map.hpp"
