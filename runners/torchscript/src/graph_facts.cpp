#include "graph_facts.h"

#include <torch/csrc/jit/passes/inliner.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace carton::torchscript {
namespace {

using torch::jit::AttributeKind;
using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

bool is_autograd(std::string_view kind) {
  static const std::unordered_set<std::string_view> kinds = {
      "aten::grad",    "aten::backward",     "aten::requires_grad_", "aten::retain_grad",   "prim::grad",
      "aten::is_leaf", "aten::retains_grad", "aten::output_nr",      "prim::requires_grad", "aten::set_data"};
  return kinds.contains(kind) || kind.starts_with("autograd::");
}

// What inlining leaves when the callee is not known before run time.
bool is_opaque_call(std::string_view kind) {
  return kind == "prim::CallMethod" || kind == "prim::CallFunction" || kind == "prim::PythonOp";
}

bool comes_from_model(const Value* value) {
  const std::string_view kind = value->node()->kind().toQualString();
  return kind == "prim::GetAttr" || kind == "prim::Constant";
}

class Inspector {
 public:
  GraphFacts facts() const {
    GraphFacts facts = facts_;
    // A kept input can come back as an attribute, and then be the statistic that is updated.
    facts.may_write |= updates_statistics_ && sets_attributes_;
    // Gradients are accumulated in place, outside the graph.
    facts.may_write |= facts.uses_autograd;
    return facts;
  }

  void inspect(torch::jit::Function& function) {
    if (!function.isGraphFunction()) return see_unknown();
    if (seen_.insert(&function).second) inspect(*torch::jit::toGraphFunction(function).graph());
  }

 private:
  void inspect(Graph& original) {
    const auto graph = original.copy();
    torch::jit::Inline(*graph);
    inspect(graph->block());
  }

  void inspect(const Block* block) {
    for (const Node* node : block->nodes()) {
      inspect(node);
      for (const Block* nested : node->blocks()) inspect(nested);
      inspect_subgraphs(node);
    }
  }

  void inspect(const Node* node) {
    const std::string_view kind = node->kind().toQualString();
    facts_.uses_autograd |= is_autograd(kind);
    facts_.runs_async |= kind == "prim::fork" || kind == "prim::awaitable" || kind.starts_with("rpc::");
    sets_attributes_ |= kind == "prim::SetAttr";
    if (is_opaque_call(kind)) return see_unknown();
    if (kind == "prim::Enter" || kind == "prim::Exit") return inspect_context(node, kind);

    const c10::FunctionSchema* schema = node->maybeSchema();
    const bool built_in = kind.starts_with("aten::") || kind.starts_with("prim::");
    if (!built_in || (schema == nullptr && !kind.starts_with("prim::"))) facts_.may_write = true;
    if (schema != nullptr) inspect_schema(node, *schema);
  }

  void inspect_schema(const Node* node, const c10::FunctionSchema& schema) {
    for (size_t i = 0; i < schema.arguments().size(); ++i) {
      const c10::Argument& argument = schema.arguments()[i];
      if (argument.alias_info() != nullptr && argument.alias_info()->isWrite()) facts_.may_write = true;
      // batch_norm and its like update these in training mode, and their schemas do not say so.
      const bool statistic = argument.name() == "running_mean" || argument.name() == "running_var";
      if (!statistic || i >= node->inputs().size()) continue;
      updates_statistics_ = true;
      if (!comes_from_model(node->inputs()[i])) facts_.may_write = true;
    }
  }

  // `with` calls __enter__ and __exit__ of a class without a call node in the graph.
  void inspect_context(const Node* node, std::string_view kind) {
    const auto type = node->input(0)->type()->cast<c10::ClassType>();
    auto* method = type ? type->findMethod(kind == "prim::Enter" ? "__enter__" : "__exit__") : nullptr;
    if (method == nullptr) return see_unknown();
    inspect(*method);
  }

  void inspect_subgraphs(const Node* node) {
    for (const auto name : node->attributeNames()) {
      if (node->kindOf(name) == AttributeKind::g) inspect(*node->g(name));
      if (node->kindOf(name) != AttributeKind::gs) continue;
      for (const auto& graph : node->gs(name)) inspect(*graph);
    }
  }

  void see_unknown() { facts_ = {.uses_autograd = true, .may_write = true, .runs_async = true}; }

  GraphFacts facts_;
  bool updates_statistics_ = false;
  bool sets_attributes_ = false;
  std::unordered_set<const torch::jit::Function*> seen_;
};

}  // namespace

GraphFacts inspect_graph(const torch::jit::Module& module) {
  Inspector inspector;
  inspector.inspect(module.get_method("forward").function());
  for (auto* hook : module.type()->getForwardPreHooks()) inspector.inspect(*hook);
  for (auto* hook : module.type()->getForwardHooks()) inspector.inspect(*hook);
  return inspector.facts();
}

}  // namespace carton::torchscript
