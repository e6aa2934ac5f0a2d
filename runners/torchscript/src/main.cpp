#include <cstdio>

#include "torchscript_runner.h"

int main(int argc, char** argv) {
  // A model's print must reach the host's log line by line, not when the process ends.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  carton::torchscript::TorchScriptRunner runner;
  return carton::runner::serve(argc, argv, runner);
}
