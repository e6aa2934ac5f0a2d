// Time per call of the example model: libtorch called directly, and through the runner's Model with
// inputs and outputs as the SDK passes them. Prints nanoseconds; run it on an idle machine.
//   torchscript_bench FOLDER/example.pt
#include <fcntl.h>
#include <sys/stat.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/fd.h"
#include "torchscript_runner.h"

namespace carton::runner {
void log(LogLevel, std::string_view) {}
}  // namespace carton::runner

namespace {

// Takes every output as the SDK does: a look at it and a copy.
class CopyOutputs final : public carton::runner::Outputs {
 public:
  void add(std::string_view, carton::DType dtype, const std::vector<int64_t>& shape,
           const void* data) override {
    uint64_t size = carton::dtype_size(dtype);
    for (const int64_t dimension : shape) size *= static_cast<uint64_t>(dimension);
    const auto* bytes = static_cast<const char*>(data);
    std::copy(bytes, bytes + std::min<uint64_t>(size, sizeof buffer_), buffer_);
  }
  void add_strings(std::string_view, const std::vector<int64_t>&,
                   const std::vector<std::string_view>& strings) override {
    char* end = buffer_;
    for (const std::string_view string : strings) end = std::copy(string.begin(), string.end(), end);
  }

 private:
  char buffer_[4096];
};

template <typename Call>
double nanoseconds_per_call(Call&& call) {
  using Clock = std::chrono::steady_clock;
  constexpr int kCalls = 20'000;
  for (int i = 0; i < kCalls; ++i) call();
  double best = 1e18;
  for (int round = 0; round < 9; ++round) {
    const auto start = Clock::now();
    for (int i = 0; i < kCalls; ++i) call();
    best = std::min(best, std::chrono::duration<double, std::nano>(Clock::now() - start).count() / kCalls);
  }
  return best;
}

double direct(const char* path) {
  torch::jit::Module module = torch::jit::load(path);
  module.eval();
  const at::Tensor a = at::ones({4});
  return nanoseconds_per_call([&] {
    c10::impl::GenericDict dict(c10::StringType::get(), c10::AnyType::get());
    dict.insert("a", a);
    dict.insert("b", "hello");
    dict.insert("c", c10::List<std::string>({"x", "y"}));
    module.forward({dict});
  });
}

double through_runner(const char* path) {
  const carton::Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  ::fstat(fd.get(), &status);
  carton::runner::LoadRequest request;
  request.device = "cpu";
  request.files["model.pt"] = {fd.get(), 0, static_cast<uint64_t>(status.st_size)};
  const auto model = carton::torchscript::TorchScriptRunner().load(request);

  float values[4] = {1, 2, 3, 4};
  std::vector<carton::runner::Input> inputs(3);
  inputs[0] = {.name = "a",
               .dtype = carton::DType::Float32,
               .shape = {4},
               .count = 4,
               .data = reinterpret_cast<std::byte*>(values),
               .nbytes = sizeof values,
               .mapped = false,
               .strings = {}};
  inputs[1] = {.name = "b", .dtype = carton::DType::String, .shape = {}, .count = 1, .strings = {"hello"}};
  inputs[2] = {.name = "c", .dtype = carton::DType::String, .shape = {2}, .count = 2, .strings = {"x", "y"}};
  CopyOutputs outputs;
  return nanoseconds_per_call([&] { model->infer(inputs, outputs); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: torchscript_bench FOLDER/example.pt\n");
    return 2;
  }
  std::printf("libtorch directly   %8.0f ns\n", direct(argv[1]));
  std::printf("through the runner  %8.0f ns\n", through_runner(argv[1]));
}
