// The example model called through libtorch in this very process: what C++ costs without Carton.
// Written as a libtorch user would who cares about speed: the method looked up once, inference mode
// on for the thread, inputs over the caller's memory; they are built anew for every call, as the
// values of a real program differ from call to call.
//
//   libtorch_direct MODEL.pt      speaks the protocol of counted_loop.h
#include <ATen/Parallel.h>
#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <cstdio>
#include <string>
#include <vector>

#include "counted_loop.h"

namespace {

struct Program {
  torch::jit::Module module;
  torch::jit::Method forward;
  float values[3] = {1, 2, 3};
};

int call(void* context) {
  auto* program = static_cast<Program*>(context);
  c10::impl::GenericDict inputs(c10::StringType::get(), c10::AnyType::get());
  inputs.insert("a", at::from_blob(program->values, {3}, at::kFloat));
  inputs.insert("b", "text");
  inputs.insert("c", c10::List<std::string>({"a", "list", "of", "strings"}));
  const c10::impl::GenericDict outputs = program->forward({inputs}).toGenericDict();

  const at::Tensor doubled = outputs.at("doubled").toTensor();
  const std::string& text = outputs.at("string").toStringRef();
  const c10::List<c10::IValue> list = outputs.at("stringlist").toList();
  const bool right = doubled.const_data_ptr<float>()[2] == 6 && text == "A string" && list.size() == 4 &&
                     list.get(3).toStringRef() == "strings";
  return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: libtorch_direct MODEL.pt\n"), 2;
  at::set_num_threads(1);
  const c10::InferenceMode inference_mode;
  torch::jit::Module module = torch::jit::load(argv[1]);
  module.eval();
  Program program{module, module.get_method("forward")};
  return counted_loop(call, &program);
}
