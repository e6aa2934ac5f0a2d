// A loaded TorchScript model. One thread at a time, as runner.h promises.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <vector>

#include "graph_facts.h"
#include "inputs.h"
#include "options.h"
#include "outputs.h"
#include "runner.h"
#include "torch_warnings.h"

namespace carton::torchscript {

class TorchScriptModel final : public runner::Model {
 public:
  // `module` is in evaluation mode and on `device`. UNSUPPORTED for a forward that cannot be served.
  TorchScriptModel(torch::jit::Module module, c10::Device device, InferenceMode mode);

  // MODEL_ERROR when forward raises; INPUT and UNSUPPORTED for values that cannot be passed in or out.
  void infer(std::vector<runner::Input>& inputs, runner::Outputs& outputs) override;
  bool never_writes_inputs() const override { return never_writes_inputs_; }

 private:
  struct Description {
    Signature signature;
    GraphFacts facts;
  };
  static Description describe(const torch::jit::Module& module);
  TorchScriptModel(torch::jit::Module module, c10::Device device, InferenceMode mode,
                   Description description);
  c10::IValue run(c10::impl::GenericDict dict);
  c10::IValue forward(c10::impl::GenericDict dict);

  torch::jit::Module module_;
  torch::jit::Function& forward_;
  InputBuilder inputs_;
  OutputWriter outputs_;
  LogWarnings warnings_;
  torch::jit::Stack stack_;  // empty between requests; kept for its memory
  bool has_hooks_;
  bool inference_mode_;
  bool never_writes_inputs_;
};

}  // namespace carton::torchscript
