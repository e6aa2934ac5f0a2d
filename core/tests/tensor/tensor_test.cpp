#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <string>

#include "support/expect_code.h"

namespace carton {
namespace {

TEST(DType, NamesAndNumbersGoBothWays) {
  for (int32_t number = 0; number < kDTypeCount; ++number) {
    auto dtype = dtype_from_number(number);
    ASSERT_TRUE(dtype.has_value());
    EXPECT_EQ(dtype_from_name(dtype_name(*dtype)), dtype);
  }
  EXPECT_FALSE(dtype_from_number(kDTypeCount).has_value());
  EXPECT_FALSE(dtype_from_number(-1).has_value());
  EXPECT_FALSE(dtype_from_name("Float32").has_value());
  EXPECT_FALSE(dtype_from_name("").has_value());
}

TEST(DType, StandInsHaveTheSameWidth) {
  for (DType dtype : {DType::Bool, DType::Float16, DType::BFloat16, DType::Int64}) {
    EXPECT_EQ(dtype_size(v1_stand_in(dtype)), dtype_size(dtype));
  }
  EXPECT_EQ(v1_stand_in(DType::BFloat16), DType::UInt16);
}

TEST(ElementCount, MultipliesAndCatchesOverflowEvenBehindAZero) {
  EXPECT_EQ(element_count({}), 1u);
  EXPECT_EQ(element_count({2, 3}), 6u);
  EXPECT_EQ(element_count({2, 0, 3}), 0u);
  EXPECT_FALSE(element_count({-1}).has_value());
  EXPECT_FALSE(element_count({int64_t{1} << 62, 4}).has_value());
  EXPECT_FALSE(element_count({int64_t{1} << 62, 0, 4}).has_value());
  EXPECT_FALSE(element_count({int64_t{1} << 60}, 8).has_value());
  EXPECT_TRUE(element_count({int64_t{1} << 59}, 8).has_value());
}

TEST(Tensor, IsAllocatedAlignedAndSharedByCopies) {
  Tensor tensor = Tensor::allocate(DType::Int16, {3, 5});
  EXPECT_EQ(tensor.nbytes(), 30u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data) % 64, 0u);
  Tensor copy = tensor;
  copy.data[0] = std::byte{7};
  EXPECT_EQ(tensor.data[0], std::byte{7});
  EXPECT_NE(Tensor::allocate(DType::Int8, {0}).data, nullptr);
}

TEST(Tensor, RefusesShapesThatCannotBe) {
  EXPECT_CODE(Code::Invalid, "[-1]", Tensor::allocate(DType::Int8, {-1}));
  EXPECT_CODE(Code::Limit, "at most 32", Tensor::allocate(DType::Int8, Shape(33, 1)));
  EXPECT_CODE(Code::Invalid, "6 elements, got 1 strings", Tensor::of_strings({2, 3}, {"one"}));
}

TEST(ShapeText, ReadsLikeAList) {
  EXPECT_EQ(shape_text({}), "[]");
  EXPECT_EQ(shape_text({2, 3}), "[2, 3]");
}

}  // namespace
}  // namespace carton
