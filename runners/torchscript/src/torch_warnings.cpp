#include "torch_warnings.h"

#include "base/strings.h"
#include "runner.h"

namespace carton::torchscript {

void LogWarnings::process(const c10::Warning& warning) {
  runner::log(runner::LogLevel::Warning, printable(warning.msg()));
}

}  // namespace carton::torchscript
