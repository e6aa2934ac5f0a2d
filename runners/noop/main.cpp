// The smallest runner: it returns its inputs. The one to copy when writing a new one.
#include "runner.h"

namespace {

using namespace carton::runner;

class Echo final : public Model {
 public:
  void infer(std::vector<Input>& inputs, Outputs& outputs) override {
    for (const Input& input : inputs) {
      if (input.dtype == carton::DType::String) {
        outputs.add_strings(input.name, input.shape, {input.strings.begin(), input.strings.end()});
      } else {
        outputs.add(input.name, input.dtype, input.shape, input.data);
      }
    }
  }
  bool never_writes_inputs() const override { return true; }
};

class Noop final : public Runner {
 public:
  std::string name() const override { return "noop"; }
  std::string framework_version() const override { return "1.0.0"; }
  std::unique_ptr<Model> load(const LoadRequest&) override { return std::make_unique<Echo>(); }
};

}  // namespace

int main(int argc, char** argv) {
  Noop runner;
  return serve(argc, argv, runner);
}
