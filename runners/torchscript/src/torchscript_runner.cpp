#include "torchscript_runner.h"

#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/csrc/jit/serialization/import.h>

#include "base/error.h"
#include "base/strings.h"
#include "failure.h"
#include "model_file.h"
#include "options.h"
#include "torchscript_model.h"

namespace carton::torchscript {
namespace {

constexpr const char* kModelFile = "model.pt";

runner::File find_model_file(const runner::LoadRequest& request) {
  const auto found = request.files.find(kModelFile);
  if (found != request.files.end()) return found->second;
  std::string have;
  for (const auto& [path, file] : request.files) {
    append_text(have, text(have.empty() ? "" : ", ", quoted(path)));
    if (have.size() > 200) break;
  }
  throw Error(Code::Format,
              text("expected the model as `model/model.pt`, found ", have.empty() ? "no file" : have,
                   " below `model/`"),
              "pack the file that torch.jit.save wrote with runner_name=\"torchscript\"");
}

void set_threads(const Options& options) {
  if (options.num_threads) at::set_num_threads(*options.num_threads);
  // libtorch takes this once per process, and a process serves one model.
  if (static_cast<int>(at::get_num_interop_threads()) != options.num_interop_threads) {
    at::set_num_interop_threads(options.num_interop_threads);
  }
}

Error load_error(std::string_view what) {
  const auto contains = [&](std::string_view part) { return what.find(part) != std::string_view::npos; };
  const std::string detail =
      text("`model/model.pt`: libtorch " CARTON_TORCH_VERSION " says: ", summarize_load_failure(what));
  if (contains("Unknown builtin op") || contains("Unknown custom class") || contains("unknown builtin op")) {
    return Error(
        Code::Unsupported, detail,
        "the model needs operators of a library (torchvision, torchaudio, ...) or of another libtorch");
  }
  if (contains("maximum supported version") || contains("minimum supported version")) {
    return Error(Code::Unsupported, detail,
                 "build a runner with the libtorch that saved the model, or save it again");
  }
  return Error(Code::Format, detail,
               "pack the file that torch.jit.script(model).save(path) writes; torch.save does not");
}

// A visible GPU is used if this libtorch can; a build for the CPU serves the model there.
c10::Device choose_device(const std::string& wanted) {
  if (wanted != "cuda") return c10::kCPU;
  if (at::detail::getCUDAHooks().hasCUDA()) return {c10::kCUDA, 0};
  runner::log(runner::LogLevel::Warning,
              "libtorch " CARTON_TORCH_VERSION " sees no CUDA device; the model runs on the CPU");
  return c10::kCPU;
}

torch::jit::Module load_module(const runner::File& file, c10::Device device) {
  try {
    torch::jit::Module module = torch::jit::load(std::make_shared<ModelFile>(file), device);
    module.eval();
    return module;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& exception) {
    throw load_error(message_of(exception));
  }
}

}  // namespace

// Without a build suffix such as "+cpu" or "a0+git…": a carton asks for the version alone.
std::string TorchScriptRunner::framework_version() const { return CARTON_TORCH_VERSION; }

std::unique_ptr<runner::Model> TorchScriptRunner::load(const runner::LoadRequest& request) {
  LogWarnings warnings;
  const c10::WarningUtils::WarningHandlerGuard guard(&warnings);
  const Options options = parse_options(request.options);
  set_threads(options);
  const c10::Device device = choose_device(request.device);
  return std::make_unique<TorchScriptModel>(load_module(find_model_file(request), device), device,
                                            options.inference_mode);
}

}  // namespace carton::torchscript
