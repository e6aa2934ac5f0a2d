// What a model's forward takes: one dict of named values, Dict[str, T].
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>
#include <vector>

namespace carton::torchscript {

struct Signature {
  c10::TypePtr value_type;            // T; a dict is built as exactly the type that is declared
  bool takes_tensors = false;         // T may be a Tensor
  bool takes_strings = false;         // T may be a str
  bool takes_string_lists = false;    // T may be a List[str]
  std::vector<c10::IValue> defaults;  // of the arguments after the dict
};

// UNSUPPORTED, showing the signature, when forward is missing, takes anything but one such dict (more
// arguments may follow if they have defaults), or cannot return a dict.
Signature read_signature(const torch::jit::Module& module);

// "forward(self, x: Dict[str, Tensor]) -> Tensor"
std::string signature_text(const c10::FunctionSchema& schema);

}  // namespace carton::torchscript
