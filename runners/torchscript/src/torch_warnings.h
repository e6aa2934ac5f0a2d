// Warnings of libtorch and of the model (warnings.warn in TorchScript) go to the host's log.
#pragma once

#include <c10/util/Exception.h>

namespace carton::torchscript {

class LogWarnings final : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override;
};

}  // namespace carton::torchscript
