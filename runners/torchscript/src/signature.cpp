#include "signature.h"

#include "base/error.h"
#include "base/strings.h"

namespace carton::torchscript {
namespace {

constexpr const char* kHowToWrap =
    "wrap the model before it is scripted: `def forward(self, inputs: Dict[str, torch.Tensor]) -> "
    "Dict[str, torch.Tensor]: return {\"y\": self.model(inputs[\"x\"])}`; take Dict[str, Any] if some inputs "
    "are strings";

Error unsupported(const c10::FunctionSchema& schema, std::string_view complaint) {
  return Error(Code::Unsupported, text("`", signature_text(schema), "` ", complaint), kHowToWrap);
}

// Dict[str, T] -> T; null for any other type.
c10::TypePtr dict_value_type(const c10::TypePtr& type) {
  const auto dict = type->cast<c10::DictType>();
  if (!dict || dict->getKeyType()->kind() != c10::TypeKind::StringType) return nullptr;
  return dict->getValueType();
}

// Dict[str, ...], or a type that may turn out to be one when forward has returned.
bool may_be_dict(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::AnyType:
    case c10::TypeKind::OptionalType:
    case c10::TypeKind::UnionType:
      return true;
    default:
      return dict_value_type(type) != nullptr;
  }
}

}  // namespace

std::string signature_text(const c10::FunctionSchema& schema) {
  std::string out = schema.name() + "(";
  for (size_t i = 0; i < schema.arguments().size(); ++i) {
    const c10::Argument& argument = schema.arguments()[i];
    if (i > 0) out += ", ";
    out += argument.name();
    if (i > 0) out += ": " + argument.type()->annotation_str();
    if (argument.default_value()) out += " = ...";
  }
  out += ")";
  if (!schema.returns().empty()) out += " -> " + schema.returns()[0].type()->annotation_str();
  return out;
}

Signature read_signature(const torch::jit::Module& module) {
  const auto method = module.find_method("forward");
  if (!method) throw Error(Code::Unsupported, "the model has no method `forward`", kHowToWrap);
  const c10::FunctionSchema& schema = method->function().getSchema();
  const auto& arguments = schema.arguments();  // the first is self
  if (arguments.size() < 2) throw unsupported(schema, "takes no argument; expected one dict of named inputs");

  Signature signature;
  signature.value_type = dict_value_type(arguments[1].type());
  if (!signature.value_type) {
    throw unsupported(schema,
                      text("takes `", arguments[1].name(), "` as ", arguments[1].type()->annotation_str(),
                           "; expected one dict of named inputs, Dict[str, Tensor] or Dict[str, Any]"));
  }
  for (size_t i = 2; i < arguments.size(); ++i) {
    if (!arguments[i].default_value()) {
      throw unsupported(
          schema, text("also takes `", arguments[i].name(), "`; expected one dict of named inputs only"));
    }
    signature.defaults.push_back(*arguments[i].default_value());
  }
  const c10::Type& value = *signature.value_type;
  signature.takes_tensors = c10::TensorType::get()->isSubtypeOf(value);
  signature.takes_strings = c10::StringType::get()->isSubtypeOf(value);
  signature.takes_string_lists = c10::ListType::ofStrings()->isSubtypeOf(value);
  if (!signature.takes_tensors && !signature.takes_strings && !signature.takes_string_lists) {
    throw unsupported(
        schema, text("takes a dict of ", value.annotation_str(), ", which no input of a carton can be; ",
                     "expected Dict[str, Tensor] or Dict[str, Any]"));
  }
  if (schema.returns().size() != 1 || !may_be_dict(schema.returns()[0].type())) {
    throw unsupported(schema, "does not return a dict with str keys");
  }
  return signature;
}

}  // namespace carton::torchscript
