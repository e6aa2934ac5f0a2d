#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <mutex>

#include "tensor/dtype.h"
#include "torchscript_runner.h"

namespace {

std::mutex logs_mutex;
std::vector<std::string> logs;

}  // namespace

namespace carton::runner {

void log(LogLevel, std::string_view message) {
  const std::lock_guard<std::mutex> lock(logs_mutex);
  logs.emplace_back(message);
}

}  // namespace carton::runner

namespace carton::torchscript {
namespace {

class RecordedOutputs final : public runner::Outputs {
 public:
  void add(std::string_view name, DType dtype, const std::vector<int64_t>& shape, const void* data) override {
    TestOutput& output = insert(name, dtype, shape);
    uint64_t size = dtype_size(dtype);
    for (const int64_t dimension : shape) size *= static_cast<uint64_t>(dimension);
    output.bytes.resize(size);
    if (size > 0) std::memcpy(output.bytes.data(), data, size);
  }

  void add_strings(std::string_view name, const std::vector<int64_t>& shape,
                   const std::vector<std::string_view>& strings) override {
    insert(name, DType::String, shape).strings.assign(strings.begin(), strings.end());
  }

  TestOutputs outputs;

 private:
  TestOutput& insert(std::string_view name, DType dtype, const std::vector<int64_t>& shape) {
    const auto [position, is_new] = outputs.emplace(std::string(name), TestOutput{});
    EXPECT_TRUE(is_new) << name << " was added twice";
    position->second.dtype = dtype;
    position->second.shape = shape;
    return position->second;
  }
};

runner::Input as_input(TestInput& input) {
  runner::Input out;
  out.name = input.name;
  out.dtype = input.dtype;
  out.shape = input.shape;
  out.count = 1;
  for (const int64_t dimension : input.shape) out.count *= static_cast<uint64_t>(dimension);
  out.data = input.bytes.data();
  out.nbytes = input.bytes.size();
  out.mapped = input.mapped;
  out.strings = input.strings;
  return out;
}

std::unique_ptr<runner::Model> load_from(const std::string& path, uint64_t offset, uint64_t size,
                                         std::map<std::string, runner::OptionValue> options) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(fd) << path;
  runner::LoadRequest request;
  request.device = "cpu";
  request.options = std::move(options);
  request.files["model.pt"] = {fd.get(), offset, size};
  return TorchScriptRunner().load(request);
}

}  // namespace

std::string models_folder;

TestInput floats(std::string name, const std::vector<float>& values) {
  return numbers<float>(std::move(name), DType::Float32, {static_cast<int64_t>(values.size())}, values);
}

TestInput mapped_floats(std::string name, const std::vector<float>& values) {
  TestInput input = floats(std::move(name), values);
  input.mapped = true;
  return input;
}

TestInput a_string(std::string name, std::string value) {
  return {.name = std::move(name),
          .dtype = DType::String,
          .shape = {},
          .bytes = {},
          .strings = {std::move(value)}};
}

TestInput some_strings(std::string name, std::vector<std::string> values) {
  const auto count = static_cast<int64_t>(values.size());
  return {.name = std::move(name),
          .dtype = DType::String,
          .shape = {count},
          .bytes = {},
          .strings = std::move(values)};
}

std::unique_ptr<runner::Model> load(const std::string& name,
                                    std::map<std::string, runner::OptionValue> options) {
  const std::string path = models_folder + "/" + name + ".pt";
  struct stat status = {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return load_from(path, 0, static_cast<uint64_t>(status.st_size), std::move(options));
}

std::unique_ptr<runner::Model> load_file(const std::string& path, uint64_t offset, uint64_t size) {
  return load_from(path, offset, size, {});
}

TestOutputs infer(runner::Model& model, std::vector<TestInput>& inputs) {
  std::vector<runner::Input> request;
  for (TestInput& input : inputs) request.push_back(as_input(input));
  RecordedOutputs outputs;
  model.infer(request, outputs);
  return std::move(outputs.outputs);
}

TestOutputs infer(runner::Model& model, std::vector<TestInput>&& inputs) { return infer(model, inputs); }

std::vector<std::string> take_logs() {
  const std::lock_guard<std::mutex> lock(logs_mutex);
  return std::exchange(logs, {});
}

}  // namespace carton::torchscript

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) {
    std::fprintf(stderr, "usage: torchscript_test FOLDER   (made by models.py FOLDER)\n");
    return 2;
  }
  carton::torchscript::models_folder = argv[1];
  return RUN_ALL_TESTS();
}
