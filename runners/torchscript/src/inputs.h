// A request's inputs as the dict that forward takes, and what to do about those that the model keeps.
#pragma once

#include <ATen/core/Dict.h>
#include <ATen/core/Tensor.h>
#include <c10/core/Storage.h>

#include <vector>

#include "runner.h"
#include "signature.h"

namespace carton::torchscript {

// The storages of one request that lie in the SDK's memory. A model may keep a reference to such an
// input, or to a view of it, beyond the request; the memory would then show it the bytes of a later
// request. So when the request ends, whatever is still referenced is moved to memory of its own.
// Destroy it after everything else of the request (stack, dict, result).
class BorrowedStorages {
 public:
  BorrowedStorages() = default;
  BorrowedStorages(const BorrowedStorages&) = delete;
  BorrowedStorages& operator=(const BorrowedStorages&) = delete;
  // Ends the process when there is no memory for the move: the one alternative is to hand one
  // request's data to another.
  ~BorrowedStorages();

  // A tensor over the input's own memory, without a copy.
  at::Tensor borrow(const runner::Input& input, c10::ScalarType type);

 private:
  std::vector<c10::Storage> storages_;
};

class InputBuilder {
 public:
  // `borrow`: use mapped inputs in place where the device allows it; otherwise everything is copied.
  InputBuilder(Signature signature, c10::Device device, bool borrow);

  // Dict[str, T] for forward. INPUT, naming the input, for a value that T or TorchScript cannot hold.
  c10::impl::GenericDict build(const std::vector<runner::Input>& inputs, BorrowedStorages& borrowed);

  const Signature& signature() const { return signature_; }
  bool borrows() const { return borrow_; }

 private:
  const c10::IValue& key(size_t index, std::string_view name);
  c10::IValue value(const runner::Input& input, BorrowedStorages& borrowed) const;
  at::Tensor tensor(const runner::Input& input, BorrowedStorages& borrowed) const;
  c10::IValue strings(const runner::Input& input) const;

  Signature signature_;
  c10::Device device_;
  bool borrow_;
  // The keys of the last request: requests repeat their names, and a key costs an allocation.
  std::vector<c10::IValue> keys_;
};

}  // namespace carton::torchscript
