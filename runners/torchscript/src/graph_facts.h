// What a model's code may do, read from its graph with every call inlined.
#pragma once

#include <torch/csrc/jit/api/module.h>

namespace carton::torchscript {

struct GraphFacts {
  // Computes gradients inside forward (torch.autograd.grad, backward, requires_grad_, ...), so it
  // cannot run in inference mode.
  bool uses_autograd = false;
  // May write to a tensor it was given. Alias analysis is of no use here: it reports nothing for
  // writes through an element of a Dict; so this is false only if no operator of the graph writes.
  bool may_write = false;
  // Starts work that may go on after forward has returned (torch.jit.fork).
  bool runs_async = false;
};

// Facts of forward and its hooks. Code that cannot be seen (a call through an interface, a custom
// operator) counts as doing everything.
GraphFacts inspect_graph(const torch::jit::Module& module);

}  // namespace carton::torchscript
