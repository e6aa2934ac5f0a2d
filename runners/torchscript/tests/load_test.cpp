#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "fixture.h"
#include "torchscript_runner.h"

namespace carton::torchscript {
namespace {

std::string read_model(const std::string& name) {
  std::ifstream in(models_folder + "/" + name + ".pt", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// A file of the test's own, gone when the test ends.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& bytes) {
    char path[] = "/tmp/torchscript_test_XXXXXX";
    fd_ = Fd(::mkstemp(path));
    path_ = path;
    EXPECT_EQ(::write(fd_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  Fd fd_;
  std::string path_;
};

Error load_error(const std::string& bytes) {
  const ScratchFile file(bytes);
  return error_of([&] { load_file(file.path(), 0, bytes.size()); });
}

TEST(Load, framework_version_is_three_numbers) {
  const std::string version = TorchScriptRunner().framework_version();
  EXPECT_EQ(version.find_first_not_of("0123456789."), std::string::npos) << version;
  EXPECT_EQ(std::count(version.begin(), version.end(), '.'), 2) << version;
}

TEST(Load, model_in_the_middle_of_a_file_is_read_in_place) {
  const std::string model = read_model("echo");
  const ScratchFile file("bytes before" + model + "bytes after");
  const auto loaded = load_file(file.path(), 12, model.size());
  EXPECT_EQ(infer(*loaded, {floats("a", {4})}).at("a").values<float>(), std::vector<float>{4});
}

TEST(Load, missing_model_file_names_what_is_there) {
  runner::LoadRequest request;
  request.device = "cpu";
  request.files["weights.bin"] = {};
  const Error error = error_of([&] { TorchScriptRunner().load(request); });
  EXPECT_EQ(error.code(), Code::Format);
  EXPECT_NE(error.message().find("`model/model.pt`, found `weights.bin`"), std::string::npos)
      << error.message();
}

TEST(Load, file_that_is_no_archive_is_a_format_error) {
  for (const std::string& bytes : {std::string(), std::string("not a zip"), std::string(100'000, '\0')}) {
    const Error error = load_error(bytes);
    EXPECT_EQ(error.code(), Code::Format);
    EXPECT_NE(error.message().find("`model/model.pt`: libtorch"), std::string::npos) << error.message();
    for (const char* noise : {"internal miniz error", "Exception raised from", "frame #"}) {
      EXPECT_EQ(error.message().find(noise), std::string::npos) << error.message();
    }
  }
}

TEST(Load, archive_cut_short_anywhere_is_a_format_error) {
  const std::string model = read_model("convolution");
  for (size_t length = 0; length < model.size(); length += 1 + model.size() / 25) {
    EXPECT_EQ(load_error(model.substr(0, length)).code(), Code::Format) << length;
  }
}

TEST(Load, file_that_shrinks_after_it_was_opened_is_a_format_error) {
  const std::string model = read_model("convolution");
  const ScratchFile file(model.substr(0, model.size() / 2));
  EXPECT_EQ(error_of([&] { load_file(file.path(), 0, model.size()); }).code(), Code::Format);
}

TEST(Load, state_dict_is_refused_and_the_hint_says_how_to_save) {
  const Error error = error_of([] { load("state_dict"); });
  EXPECT_EQ(error.code(), Code::Format);
  EXPECT_NE(error.message().find("constants.pkl"), std::string::npos) << error.message();
  EXPECT_NE(error.hint().find("torch.jit.script(model).save"), std::string::npos) << error.hint();
}

TEST(Load, operator_that_libtorch_lacks_is_named) {
  const Error error = error_of([] { load("unknown_operator"); });
  EXPECT_EQ(error.code(), Code::Unsupported);
  EXPECT_TRUE(error.message().ends_with("says: Unknown builtin op: torchvision::nms.")) << error.message();
}

TEST(Load, archive_of_a_newer_libtorch_is_unsupported) {
  const Error error = error_of([] { load("newer_version"); });
  EXPECT_EQ(error.code(), Code::Unsupported);
  EXPECT_NE(error.message().find("says: Attempted to read a PyTorch file with version 99"), std::string::npos)
      << error.message();
}

TEST(Load, forward_with_another_signature_is_refused_and_shown) {
  const std::map<std::string, std::string> cases = {
      {"takes_tensors", "`forward(self, x: Tensor, y: Tensor) -> Tensor` takes `x` as Tensor"},
      {"takes_dict_and_flag", "also takes `flag`"},
      {"returns_tensor", "`forward(self, x: Dict[str, Tensor]) -> Tensor` does not return a dict"},
      {"takes_dict_of_lists", "takes a dict of List[int]"},
      {"no_forward", "no method `forward`"},
  };
  for (const auto& [name, expected] : cases) {
    const Error error = error_of([&, model = name] { load(model); });
    EXPECT_EQ(error.code(), Code::Unsupported) << name;
    EXPECT_NE(error.message().find(expected), std::string::npos) << error.message();
    EXPECT_NE(error.hint().find("Dict[str, torch.Tensor]"), std::string::npos) << error.hint();
  }
}

TEST(Load, visible_gpu_that_this_libtorch_cannot_use_is_a_warning_and_the_cpu_serves) {
  const std::string model = read_model("example");
  const ScratchFile file(model);
  const Fd fd(::open(file.path().c_str(), O_RDONLY | O_CLOEXEC));
  runner::LoadRequest request;
  request.device = "cuda";
  request.files["model.pt"] = {fd.get(), 0, model.size()};
  take_logs();
  const auto loaded = TorchScriptRunner().load(request);
  for (const std::string& log : take_logs()) {  // none where libtorch has a GPU
    EXPECT_NE(log.find("the model runs on the CPU"), std::string::npos) << log;
  }
  const auto outputs = infer(*loaded, {mapped_floats("a", {1}), a_string("b", ""), some_strings("c", {})});
  EXPECT_EQ(outputs.at("doubled").values<float>(), std::vector<float>{2});
}

TEST(Load, wrong_option_is_refused) {
  EXPECT_EQ(error_of([] { load("echo", {{"num_threads", "many"}}); }).code(), Code::Invalid);
}

TEST(Load, traced_and_frozen_models_run) {
  EXPECT_EQ(infer(*load("traced"), {floats("a", {1, 2})}).at("y").values<float>(),
            (std::vector<float>{2, 4}));
  TestInput image = numbers<float>("a", DType::Float32, {1, 3, 4, 4}, std::vector<float>(48, 1.0f));
  EXPECT_EQ(infer(*load("frozen"), {image}).at("y").shape, (std::vector<int64_t>{1, 4, 2, 2}));
}

TEST(Load, forward_hooks_run_as_in_python) {
  EXPECT_EQ(infer(*load("hooked"), {floats("a", {1, 2})}).at("y").values<float>(),
            (std::vector<float>{20, 30}));
}

}  // namespace
}  // namespace carton::torchscript
