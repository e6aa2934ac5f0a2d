#include "options.h"

#include "base/error.h"
#include "base/strings.h"

namespace carton::torchscript {
namespace {

// More than any machine has; far more threads than this end the process inside OpenMP.
constexpr int64_t kMaxThreads = 1024;

std::string show(const runner::OptionValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return text("the integer ", *integer);
  if (const auto* real = std::get_if<double>(&value)) return text("the float ", *real);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "the boolean true" : "the boolean false";
  return text("the string ", quoted(std::get<std::string>(value)));
}

int thread_count(std::string_view name, const runner::OptionValue& value) {
  const auto* count = std::get_if<int64_t>(&value);
  if (count == nullptr || *count < 1 || *count > kMaxThreads) {
    throw Error(
        Code::Invalid,
        text("option `", name, "`: expected an integer from 1 to ", kMaxThreads, ", got ", show(value)),
        "leave the option out to use the default");
  }
  return static_cast<int>(*count);
}

InferenceMode inference_mode(const runner::OptionValue& value) {
  if (const auto* mode = std::get_if<std::string>(&value)) {
    if (*mode == "auto") return InferenceMode::Auto;
    if (*mode == "on") return InferenceMode::On;
    if (*mode == "off") return InferenceMode::Off;
  }
  throw Error(Code::Invalid,
              text("option `inference_mode`: expected `auto`, `on` or `off`, got ", show(value)),
              "leave the option out for `auto`: on, unless the model computes gradients");
}

}  // namespace

Options parse_options(const std::map<std::string, runner::OptionValue>& values) {
  Options options;
  for (const auto& [name, value] : values) {
    if (name == "num_threads") {
      options.num_threads = thread_count(name, value);
    } else if (name == "num_interop_threads") {
      options.num_interop_threads = thread_count(name, value);
    } else if (name == "inference_mode") {
      options.inference_mode = inference_mode(value);
    } else {
      runner::log(
          runner::LogLevel::Warning,
          text("option ", quoted(name), " is ignored: the torchscript runner knows `inference_mode`, ",
               "`num_interop_threads` and `num_threads`"));
    }
  }
  return options;
}

}  // namespace carton::torchscript
