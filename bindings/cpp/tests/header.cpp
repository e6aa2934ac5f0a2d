// Compiled as strict C++17 and C++20 by every compiler here: the header must not warn.
#include <carton/carton.hpp>

carton::TensorMap carton_header_test(const std::string& path);
carton::TensorMap carton_header_test(const std::string& path) {
#if __cplusplus >= 202002L
  const auto model =
      carton::Model::load(path, {.verify = carton::Verify::Always, .timeout = carton::no_timeout});
#else
  const auto model = carton::Model::load(path);
#endif
  carton::Call call = model.start({{"a", carton::Tensor::of({1.0f})}, {"b", carton::Tensor::texts({"x"})}});
  return call.get();
}
