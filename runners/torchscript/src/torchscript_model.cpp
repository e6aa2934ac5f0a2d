#include "torchscript_model.h"

#include <c10/core/InferenceMode.h>

#include "base/error.h"
#include "base/strings.h"
#include "failure.h"

namespace carton::torchscript {
namespace {

bool choose_inference_mode(InferenceMode mode, const GraphFacts& facts) {
  if (mode == InferenceMode::Auto) return !facts.uses_autograd;
  return mode == InferenceMode::On;
}

bool has_hooks(const torch::jit::Module& module) {
  return !module.type()->getForwardPreHooks().empty() || !module.type()->getForwardHooks().empty();
}

// Autograd's complaints are about the mode, which the caller can change, and not about the model.
std::string hint_for(const std::string& failure, bool inference_mode) {
  const bool about_mode = failure.find("does not require grad") != std::string::npos ||
                          failure.find("nference tensor") != std::string::npos;
  if (!inference_mode || !about_mode) return {};
  return "the model runs in inference mode and needs gradients: set its option inference_mode = \"off\"";
}

// An exception leaves values on the stack; they must not live on to the next request.
class StackScope {
 public:
  explicit StackScope(torch::jit::Stack& stack) : stack_(stack) {}
  StackScope(const StackScope&) = delete;
  StackScope& operator=(const StackScope&) = delete;
  ~StackScope() { stack_.clear(); }

 private:
  torch::jit::Stack& stack_;
};

}  // namespace

// In this order: only a module with a forward has a graph.
TorchScriptModel::Description TorchScriptModel::describe(const torch::jit::Module& module) {
  return {read_signature(module), inspect_graph(module)};
}

TorchScriptModel::TorchScriptModel(torch::jit::Module module, c10::Device device, InferenceMode mode)
    : TorchScriptModel(module, device, mode, describe(module)) {}

// Work that forward leaves behind may read its inputs at any time, so such models get copies only.
TorchScriptModel::TorchScriptModel(torch::jit::Module module, c10::Device device, InferenceMode mode,
                                   Description description)
    : module_(std::move(module)),
      forward_(module_.get_method("forward").function()),
      inputs_(std::move(description.signature), device, !description.facts.runs_async),
      has_hooks_(has_hooks(module_)),
      inference_mode_(choose_inference_mode(mode, description.facts)),
      never_writes_inputs_(!description.facts.may_write || !inputs_.borrows()) {}

void TorchScriptModel::infer(std::vector<runner::Input>& inputs, runner::Outputs& outputs) {
  const c10::WarningUtils::WarningHandlerGuard warnings(&warnings_);
  const c10::InferenceMode inference_mode(inference_mode_);
  BorrowedStorages borrowed;  // first in, last out: see its comment
  try {
    const c10::IValue result = run(inputs_.build(inputs, borrowed));
    outputs_.write(result, outputs);
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& error) {  // no memory for a copy, on the device or here
    throw Error(Code::ModelError,
                text("passing values to or from the model failed: ", summarize_failure(message_of(error))));
  }
}

c10::IValue TorchScriptModel::run(c10::impl::GenericDict dict) {
  try {
    return forward(std::move(dict));
  } catch (const std::exception& exception) {
    const std::string failure = summarize_failure(message_of(exception));
    throw Error(Code::ModelError, text("the model raised ", failure), hint_for(failure, inference_mode_));
  } catch (...) {
    throw Error(Code::ModelError, "the model raised an exception that says nothing of itself");
  }
}

c10::IValue TorchScriptModel::forward(c10::impl::GenericDict dict) {
  // Hooks of the outermost module run in Module::operator() only, as in Python.
  if (has_hooks_) return module_({std::move(dict)});
  const StackScope scope(stack_);
  stack_.emplace_back(module_._ivalue());
  stack_.emplace_back(std::move(dict));
  for (const c10::IValue& value : inputs_.signature().defaults) stack_.push_back(value);
  forward_.run(stack_);
  return std::move(stack_.back());
}

}  // namespace carton::torchscript
