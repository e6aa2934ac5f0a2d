// The runner `torchscript`: loads model.pt with libtorch. No Python.
#pragma once

#include <memory>
#include <string>

#include "runner.h"

namespace carton::torchscript {

class TorchScriptRunner final : public runner::Runner {
 public:
  std::string name() const override { return "torchscript"; }
  std::string framework_version() const override;
  // FORMAT when model.pt is missing or no TorchScript archive; UNSUPPORTED when it needs operators or a
  // file version that this libtorch lacks, or its forward cannot be served; INVALID for bad options.
  std::unique_ptr<runner::Model> load(const runner::LoadRequest& request) override;
};

}  // namespace carton::torchscript
