// Run the example model of ../python/pack_and_run.py from C++. No Python is needed for it.
//
//   c++ -std=c++17 run_model.cpp $(pkg-config --cflags --libs carton) -o run_model
//   ./run_model example.carton
#include <carton/carton.hpp>
#include <cstdio>
#include <iostream>
#include <string>

namespace {

void print_elements(const carton::Tensor& tensor) {
  switch (tensor.dtype()) {
    case carton::DType::Float32:
      for (const float value : tensor.to_vector<float>()) std::cout << ' ' << value;
      break;
    case carton::DType::String:
      for (const std::string& text : tensor.to_vector<std::string>()) std::cout << " \"" << text << '"';
      break;
    default:
      std::cout << " (" << tensor.nbytes() << " bytes)";
  }
}

void print_tensors(const char* title, const carton::TensorMap& map) {
  std::cout << title << '\n';
  for (const auto& [name, tensor] : map) {
    std::cout << "  " << name << ": " << carton::dtype_name(tensor.dtype()) << " [";
    const char* separator = "";
    for (const auto dim : tensor.shape()) {
      std::cout << separator << dim;
      separator = ", ";
    }
    std::cout << "] =";
    print_elements(tensor);
    std::cout << '\n';
  }
}

void run(const char* path) {
  const auto model = carton::Model::load(path);
  const carton::TensorMap inputs{{"a", carton::Tensor::of({1.0f, 2.0f, 3.0f})},
                                 {"b", carton::Tensor::text("text")},
                                 {"c", carton::Tensor::texts({"a", "list", "of", "strings"})}};
  const carton::TensorMap outputs = model.infer(inputs);
  std::cout << "runner " << model.runner_json() << '\n';
  print_tensors("inputs", inputs);
  print_tensors("outputs", outputs);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: %s MODEL.carton\n", argv[0]), 2;
  try {
    run(argv[1]);
  } catch (const carton::Error& error) {
    std::cerr << error.what() << '\n';  // code, message, and a hint what to do next
    return 1;
  }
}
