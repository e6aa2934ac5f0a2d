#include "model/spec_check.h"

#include <gtest/gtest.h>

#include "support/expect_code.h"

namespace carton {
namespace {

using format::AnyDim;
using format::AnyShape;
using format::Dim;
using format::Symbol;
using format::TensorSpec;

TensorSpec spec(const std::string& name, DType dtype, format::ShapeSpec shape) {
  TensorSpec out;
  out.name = name;
  out.dtype = dtype;
  out.shape = std::move(shape);
  return out;
}

Tensor tensor(DType dtype, Shape shape) { return Tensor::allocate(dtype, std::move(shape)); }

const std::vector<TensorSpec> kSpecs = {
    spec("images", DType::Float32, std::vector<Dim>{Symbol{"batch"}, int64_t{3}, AnyDim{}}),
    spec("mask", DType::Bool, std::vector<Dim>{Symbol{"batch"}}),
};

TEST(SpecCheck, TakesWhatFits) {
  check_inputs(kSpecs, {{"mask", tensor(DType::Bool, {4})}, {"images", tensor(DType::Float32, {4, 3, 99})}});
}

TEST(SpecCheck, NamesAMissingInputAndListsTheDeclaredOnes) {
  EXPECT_CODE(Code::Input, "input `mask` is missing",
              check_inputs(kSpecs, {{"images", tensor(DType::Float32, {4, 3, 9})}}));
}

TEST(SpecCheck, NamesAnInputThatTheModelLacks) {
  EXPECT_CODE(Code::Input, "the model has no input `extra`",
              check_inputs(kSpecs, {{"extra", tensor(DType::Bool, {4})}}));
}

TEST(SpecCheck, NeverCastsADtype) {
  EXPECT_CODE(Code::Input, "input `images` must be float32, got float64",
              check_inputs(kSpecs, {{"images", tensor(DType::Float64, {4, 3, 9})},
                                    {"mask", tensor(DType::Bool, {4})}}));
}

TEST(SpecCheck, NamesTheAxisOfAFixedDimension) {
  EXPECT_CODE(Code::Input, "input `images` axis 1 must be 3, got 5",
              check_inputs(kSpecs, {{"images", tensor(DType::Float32, {4, 5, 9})},
                                    {"mask", tensor(DType::Bool, {4})}}));
}

TEST(SpecCheck, NamesTheRank) {
  EXPECT_CODE(
      Code::Input, "must have 3 dimensions",
      check_inputs(kSpecs, {{"images", tensor(DType::Float32, {4, 3})}, {"mask", tensor(DType::Bool, {4})}}));
}

TEST(SpecCheck, EqualSymbolsMustBeEqualAcrossInputs) {
  EXPECT_CODE(Code::Input, "`images` axis 0 `batch` = 4, but `mask` axis 0 gave 3",
              check_inputs(kSpecs, {{"images", tensor(DType::Float32, {4, 3, 9})},
                                    {"mask", tensor(DType::Bool, {3})}}));
}

TEST(SpecCheck, AWholeShapeSymbolBindsTheShape) {
  std::vector<TensorSpec> specs = {spec("a", DType::Int8, Symbol{"s"}), spec("b", DType::Int8, Symbol{"s"})};
  check_inputs(specs, {{"a", tensor(DType::Int8, {2, 3})}, {"b", tensor(DType::Int8, {2, 3})}});
  EXPECT_CODE(Code::Input, "`a` `s` = [2, 3], but `b` gave [3, 2]",
              check_inputs(specs, {{"a", tensor(DType::Int8, {2, 3})}, {"b", tensor(DType::Int8, {3, 2})}}));
}

TEST(SpecCheck, AnyShapeTakesScalarsAndEmptyTensors) {
  std::vector<TensorSpec> specs = {spec("x", DType::Int8, AnyShape{})};
  check_inputs(specs, {{"x", tensor(DType::Int8, {})}});
  check_inputs(specs, {{"x", tensor(DType::Int8, {0, 7})}});
}

}  // namespace
}  // namespace carton
