// A runner that does what its string input `act` says, to test how the binding passes it on:
// "talk" (to all three log sources), "sleep" (ten seconds), "fail" (throws), "crash" (aborts).
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "runner.h"

namespace {

using namespace carton::runner;

void act(const std::string& what) {
  if (what == "talk") {
    log(LogLevel::Warning, "spoken to the log");
    std::puts("spoken to stdout");
    std::fflush(stdout);
    std::fputs("spoken to stderr\n", stderr);
  } else if (what == "sleep") {
    std::this_thread::sleep_for(std::chrono::seconds(10));
  } else if (what == "fail") {
    throw std::runtime_error("the model cannot do that");
  } else if (what == "crash") {
    std::fputs("about to abort\n", stderr);
    std::abort();
  }
}

class Actor final : public Model {
 public:
  void infer(std::vector<Input>& inputs, Outputs& outputs) override {
    for (const Input& input : inputs) act(input.strings.at(0));
    outputs.add_strings("done", {}, {"yes"});
  }
};

class Acting final : public Runner {
 public:
  std::string name() const override { return "acting"; }
  std::string framework_version() const override { return "1.0.0"; }
  std::unique_ptr<Model> load(const LoadRequest&) override { return std::make_unique<Actor>(); }
};

}  // namespace

int main(int argc, char** argv) {
  Acting runner;
  return serve(argc, argv, runner);
}
