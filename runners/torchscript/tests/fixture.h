// What the tests share: models loaded as the SDK would load them, inputs, recorded outputs and logs.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "runner.h"

namespace carton::torchscript {

// The folder with the models of models.py; the test program's argument.
extern std::string models_folder;

// A numeric input over memory of its own, as small inputs come, or mapped, as large ones do.
struct TestInput {
  std::string name;
  DType dtype = DType::Float32;
  std::vector<int64_t> shape;
  std::vector<std::byte> bytes;
  std::vector<std::string> strings;
  bool mapped = false;

  template <typename T>
  T* values() {
    return reinterpret_cast<T*>(bytes.data());
  }
};

template <typename T>
TestInput numbers(std::string name, DType dtype, std::vector<int64_t> shape, const std::vector<T>& values) {
  TestInput input{
      std::move(name), dtype, std::move(shape), std::vector<std::byte>(values.size() * sizeof(T)), {}};
  if (!values.empty()) std::memcpy(input.bytes.data(), values.data(), input.bytes.size());
  return input;
}

TestInput floats(std::string name, const std::vector<float>& values);
TestInput mapped_floats(std::string name, const std::vector<float>& values);
TestInput a_string(std::string name, std::string value);
TestInput some_strings(std::string name, std::vector<std::string> values);

struct TestOutput {
  DType dtype = DType::Float32;
  std::vector<int64_t> shape;
  std::vector<std::byte> bytes;
  std::vector<std::string> strings;

  template <typename T>
  std::vector<T> values() const {
    std::vector<T> out(bytes.size() / sizeof(T));
    if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
  }
};

using TestOutputs = std::map<std::string, TestOutput>;

// The model `name` of models.py. Throws what the runner throws.
std::unique_ptr<runner::Model> load(const std::string& name,
                                    std::map<std::string, runner::OptionValue> options = {});
// The file at `path`, `offset` bytes from its start, as model.pt.
std::unique_ptr<runner::Model> load_file(const std::string& path, uint64_t offset, uint64_t size);

TestOutputs infer(runner::Model& model, std::vector<TestInput>& inputs);
TestOutputs infer(runner::Model& model, std::vector<TestInput>&& inputs);

// The error that `call` throws; a failure of the test when it throws none.
template <typename Call>
Error error_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error was thrown";
  return Error(Code::Ok, "");
}

// Messages logged since the last call.
std::vector<std::string> take_logs();

}  // namespace carton::torchscript
