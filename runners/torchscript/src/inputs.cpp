#include "inputs.h"

#include <ATen/EmptyTensor.h>
#include <ATen/core/List.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/CPUAllocator.h>

#include <cstring>

#include "base/error.h"
#include "base/strings.h"
#include "scalar_types.h"

namespace carton::torchscript {
namespace {

// A context of its own marks the storage as not simple: libtorch then refuses to make a lazy
// (copy-on-write) clone of it, which would hold the memory without counting as a reference.
void* borrowed_context() {
  static char mark;
  return &mark;
}

void move_to_own_memory(c10::StorageImpl& storage) {
  const size_t size = storage.nbytes();
  c10::DataPtr own = c10::GetCPUAllocator()->allocate(size);
  std::memcpy(own.get(), storage.data(), size);
  storage.set_data_ptr_noswap(std::move(own));
}

Error wrong_type(const runner::Input& input, std::string_view is, const Signature& signature) {
  const std::string takes = signature.value_type->annotation_str();
  return Error(Code::Input,
               text("input ", quoted(input.name), " is ", is, ", but the model takes Dict[str, ", takes, "]"),
               signature.takes_tensors
                   ? "pass a numeric tensor, or declare forward's argument as Dict[str, Any]"
                   : "declare forward's argument as Dict[str, Any]");
}

}  // namespace

BorrowedStorages::~BorrowedStorages() {
  for (c10::Storage& storage : storages_) {
    if (storage.use_count() > 1) move_to_own_memory(*storage.unsafeGetStorageImpl());
  }
}

at::Tensor BorrowedStorages::borrow(const runner::Input& input, c10::ScalarType type) {
  at::Tensor tensor = at::for_blob(input.data, input.shape)
                          .context(borrowed_context())
                          .options(c10::TensorOptions().dtype(type))
                          .make_tensor();
  storages_.push_back(tensor.storage());
  return tensor;
}

InputBuilder::InputBuilder(Signature signature, c10::Device device, bool borrow)
    : signature_(std::move(signature)), device_(device), borrow_(borrow && device.is_cpu()) {}

c10::impl::GenericDict InputBuilder::build(const std::vector<runner::Input>& inputs,
                                           BorrowedStorages& borrowed) {
  c10::impl::GenericDict dict(c10::StringType::get(), signature_.value_type);
  dict.reserve(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    dict.insert_or_assign(key(i, inputs[i].name), value(inputs[i], borrowed));
  }
  return dict;
}

const c10::IValue& InputBuilder::key(size_t index, std::string_view name) {
  if (index == keys_.size()) keys_.emplace_back(std::string(name));
  if (keys_[index].toStringRef() != name) keys_[index] = std::string(name);
  return keys_[index];
}

c10::IValue InputBuilder::value(const runner::Input& input, BorrowedStorages& borrowed) const {
  if (input.dtype == DType::String) return strings(input);
  return tensor(input, borrowed);
}

at::Tensor InputBuilder::tensor(const runner::Input& input, BorrowedStorages& borrowed) const {
  const auto type = scalar_type_of(input.dtype);
  if (!type) {
    throw Error(Code::Input, text("input ", quoted(input.name), " has dtype ", dtype_name(input.dtype),
                                  ", which TorchScript models cannot take"));
  }
  if (!signature_.takes_tensors) throw wrong_type(input, "a tensor", signature_);
  if (input.mapped && borrow_ && input.nbytes > 0) return borrowed.borrow(input, *type);
  at::Tensor own(at::detail::empty_cpu(input.shape, *type));
  if (input.nbytes > 0) std::memcpy(own.mutable_data_ptr(), input.data, input.nbytes);
  return device_.is_cpu() ? own : own.to(device_);
}

c10::IValue InputBuilder::strings(const runner::Input& input) const {
  if (input.shape.empty()) {
    if (!signature_.takes_strings) throw wrong_type(input, "a string", signature_);
    return input.strings.at(0);
  }
  if (input.shape.size() > 1) {
    throw Error(Code::Input,
                text("input ", quoted(input.name), " is a string tensor of rank ", input.shape.size(),
                     "; TorchScript models take strings of rank 0 (str) or 1 (List[str])"),
                "flatten it to rank 1, and pass its shape as an input of its own if the model needs it");
  }
  if (!signature_.takes_string_lists) throw wrong_type(input, "a list of strings", signature_);
  c10::List<std::string> list;
  list.reserve(input.strings.size());
  for (const std::string& item : input.strings) list.push_back(item);
  return list;
}

}  // namespace carton::torchscript
