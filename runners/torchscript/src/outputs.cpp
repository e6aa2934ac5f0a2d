#include "outputs.h"

#include <ATen/core/Dict.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/jit_type.h>

#include <sstream>

#include "base/error.h"
#include "base/strings.h"
#include "scalar_types.h"
#include "tensor/tensor.h"

namespace carton::torchscript {
namespace {

constexpr size_t kMaxName = 4096;

Error unsupported(std::string_view name, std::string_view is, std::string_view hint) {
  return Error(Code::Unsupported,
               text("output ", quoted(name), " is ", is, "; expected a Tensor, a str or a List[str]"),
               std::string(hint));
}

std::string type_text(const c10::IValue& value) { return value.type()->annotation_str(); }

std::string_view conversion_hint(const c10::IValue& value) {
  if (value.isScalar()) return "return it as a tensor: torch.tensor(value)";
  if (value.isNone()) return "leave the key out of the dict when there is no value";
  if (value.isTuple() || value.isGenericDict()) return "return its parts under keys of their own";
  if (value.isTensorList())
    return "return one tensor (torch.stack, torch.cat), or each under a key of its own";
  return "return it as a tensor or as strings";
}

void check_text(std::string_view name, std::string_view string) {
  if (is_utf8(string)) return;
  throw unsupported(name, "a string that is not valid UTF-8",
                    "TorchScript indexes strings by bytes: slice them only where characters are ASCII");
}

void check_name(std::string_view name) {
  if (name.size() <= kMaxName && is_utf8(name)) return;
  throw Error(Code::Unsupported, text("the model returned the key ", quoted(name), " of ", name.size(),
                                      " bytes; expected UTF-8 of at most ", kMaxName, " bytes"));
}

std::string layout_text(const at::Tensor& tensor) {
  if (tensor.is_nested()) return "a nested tensor";
  std::ostringstream out;
  out << "a tensor of layout " << tensor.layout();
  return out.str();
}

// Tensors whose memory is not plain elements. The common case costs three flag tests.
void check_plain(std::string_view name, const at::Tensor& tensor) {
  if (!tensor.defined())
    throw unsupported(name, "an undefined tensor", "leave the key out when there is no value");
  if (tensor.layout() != c10::kStrided || tensor.is_nested()) {
    throw unsupported(name, layout_text(tensor), "return a dense tensor: tensor.to_dense()");
  }
  if (tensor.is_quantized()) throw unsupported(name, "a quantized tensor", "return tensor.dequantize()");
  if (tensor.is_complex()) {
    throw unsupported(
        name, text("a complex tensor (", c10::toString(tensor.scalar_type()), ")"),
        "return torch.view_as_real(tensor): its real and imaginary parts in a last dimension of 2");
  }
  if (tensor.is_meta()) throw unsupported(name, "a meta tensor, which has no data", "compute it on a device");
  if (tensor.dim() > kMaxRank) {
    throw unsupported(name, text("a tensor of rank ", tensor.dim(), " (at most ", kMaxRank, ")"),
                      "reshape it");
  }
}

}  // namespace

void OutputWriter::write(const c10::IValue& result, runner::Outputs& outputs) {
  if (!result.isGenericDict()) {
    throw Error(Code::Unsupported,
                text("forward returned ", type_text(result), "; expected a dict with str keys"),
                "return a dict, such as {\"y\": y}");
  }
  const c10::Dict<c10::IValue, c10::IValue> dict = result.toGenericDict();
  if (dict.keyType()->kind() != c10::TypeKind::StringType) {
    throw Error(Code::Unsupported,
                text("forward returned a dict with keys of type ", dict.keyType()->annotation_str(),
                     "; expected str keys"),
                "name the outputs: {\"y\": y}");
  }
  for (const auto& item : dict) {
    const std::string_view name = item.key().toStringView();
    check_name(name);
    write_value(name, item.value(), outputs);
  }
}

void OutputWriter::write_value(std::string_view name, const c10::IValue& value, runner::Outputs& outputs) {
  if (value.isTensor()) return write_tensor(name, value.toTensor(), outputs);
  if (value.isList()) return write_list(name, value, outputs);
  if (!value.isString()) throw unsupported(name, text("of type ", type_text(value)), conversion_hint(value));
  shape_.clear();
  strings_.assign(1, value.toStringView());
  check_text(name, strings_[0]);
  outputs.add_strings(name, shape_, strings_);
}

void OutputWriter::write_tensor(std::string_view name, const at::Tensor& tensor, runner::Outputs& outputs) {
  check_plain(name, tensor);
  const auto dtype = dtype_of(tensor.scalar_type());
  if (!dtype) {
    throw unsupported(name, text("a tensor of dtype ", c10::toString(tensor.scalar_type())),
                      "return it as one of Carton's dtypes: tensor.to(torch.float32)");
  }
  at::Tensor plain = tensor;
  if (!plain.is_cpu()) plain = plain.cpu();
  if (!plain.is_contiguous()) plain = plain.contiguous();
  if (plain.is_neg() || plain._is_zerotensor()) plain = plain.clone().resolve_neg();
  shape_.assign(plain.sizes().begin(), plain.sizes().end());
  outputs.add(name, *dtype, shape_, plain.const_data_ptr());
}

void OutputWriter::write_list(std::string_view name, const c10::IValue& value, runner::Outputs& outputs) {
  const auto items = value.toList();
  const c10::TypeKind element = items.elementType()->kind();
  if (items.empty() && element != c10::TypeKind::StringType && element != c10::TypeKind::AnyType) {
    throw unsupported(name, text("of type ", type_text(value)),
                      "annotate an empty list of strings: torch.jit.annotate(List[str], [])");
  }
  strings_.clear();
  for (const c10::IValue& item : value.toListRef()) {
    if (!item.isString()) {
      throw unsupported(name,
                        text("of type ", type_text(value), ", and its item ", strings_.size(), " is of type ",
                             type_text(item)),
                        conversion_hint(value));
    }
    strings_.push_back(item.toStringView());
    check_text(name, strings_.back());
  }
  shape_.assign(1, static_cast<int64_t>(strings_.size()));
  outputs.add_strings(name, shape_, strings_);
}

}  // namespace carton::torchscript
