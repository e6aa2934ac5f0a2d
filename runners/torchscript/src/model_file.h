// The model's archive as libtorch reads it: straight from the descriptor that the host handed over,
// at an offset inside the carton. Nothing is extracted. Reads from any thread.
#pragma once

#include <caffe2/serialize/read_adapter_interface.h>

#include "runner.h"

namespace carton::torchscript {

class ModelFile final : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit ModelFile(runner::File file) : file_(file) {}

  size_t size() const override { return file_.size; }
  // Returns fewer bytes than asked for only at the end of the file; IO when the system refuses.
  size_t read(uint64_t position, void* buffer, size_t length, const char* what) const override;

 private:
  runner::File file_;
};

}  // namespace carton::torchscript
