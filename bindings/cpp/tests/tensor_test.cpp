#include <carton/carton.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support.h"

namespace {

using carton::Code;
using carton::DType;
using carton::Shape;
using carton::Tensor;
using carton::testing::expect_error;

static_assert(!std::is_copy_constructible_v<Tensor> && std::is_nothrow_move_constructible_v<Tensor>);
static_assert(carton::dtype_of<std::uint8_t>() == DType::UInt8);
static_assert(carton::dtype_of<long>() == carton::dtype_of<long long>());
static_assert(carton::dtype_of<unsigned long long>() == DType::UInt64);
static_assert(carton::dtype_of<bool>() == DType::Bool);

class TensorTest : public carton::testing::NoLeaks {};

TEST_F(TensorTest, keeps_values_shape_and_dtype) {
  const Tensor tensor = Tensor::of(std::vector<double>{1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(tensor.dtype(), DType::Float64);
  EXPECT_EQ(tensor.shape(), (Shape{2, 3}));
  EXPECT_EQ(tensor.rank(), 2);
  EXPECT_EQ(tensor.count(), 6u);
  EXPECT_EQ(tensor.nbytes(), 48u);
  EXPECT_EQ(tensor.to_vector<double>(), (std::vector<double>{1, 2, 3, 4, 5, 6}));
}

template <class T>
void expect_round_trip(DType dtype) {
  const std::vector<T> values{std::numeric_limits<T>::lowest(), T{0}, T{1}, std::numeric_limits<T>::max()};
  const Tensor tensor = Tensor::of(values);
  EXPECT_EQ(tensor.dtype(), dtype);
  EXPECT_EQ(tensor.to_vector<T>(), values) << carton::dtype_name(dtype);
}

TEST_F(TensorTest, every_numeric_dtype_keeps_its_extremes) {
  expect_round_trip<float>(DType::Float32);
  expect_round_trip<double>(DType::Float64);
  expect_round_trip<std::int8_t>(DType::Int8);
  expect_round_trip<std::int16_t>(DType::Int16);
  expect_round_trip<std::int32_t>(DType::Int32);
  expect_round_trip<std::int64_t>(DType::Int64);
  expect_round_trip<std::uint8_t>(DType::UInt8);
  expect_round_trip<std::uint16_t>(DType::UInt16);
  expect_round_trip<std::uint32_t>(DType::UInt32);
  expect_round_trip<std::uint64_t>(DType::UInt64);
  expect_round_trip<bool>(DType::Bool);
}

TEST_F(TensorTest, scalar_has_rank_0_and_one_element) {
  const Tensor tensor = Tensor::scalar(std::int64_t{-7});
  EXPECT_EQ(tensor.shape(), Shape{});
  EXPECT_EQ(tensor.count(), 1u);
  EXPECT_EQ(tensor.item<std::int64_t>(), -7);
}

TEST_F(TensorTest, zero_sized_dimensions_hold_nothing) {
  const Tensor tensor = Tensor::of(std::vector<float>{}, {0, 4});
  EXPECT_EQ(tensor.shape(), (Shape{0, 4}));
  EXPECT_TRUE(tensor.to_vector<float>().empty());
  EXPECT_TRUE(Tensor::texts({}).to_vector<std::string>().empty());
}

TEST_F(TensorTest, wrong_number_of_values_names_shape_and_both_counts) {
  expect_error(Code::Invalid, "expected 6 values for shape [2, 3], got 5", [] {
    Tensor::of(std::vector<float>(5), {2, 3});
  });
  expect_error(Code::Invalid, "expected 1 values for shape [], got 2", [] {
    Tensor::texts(std::vector<std::string>{"a", "b"}, {});
  });
}

TEST_F(TensorTest, impossible_shapes_are_refused_before_anything_is_read) {
  expect_error(Code::Invalid, "[-1]", [] { Tensor::texts(std::vector<std::string>{"a"}, {-1}); });
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  expect_error(Code::Invalid, "too many", [] { Tensor::of(std::vector<float>{1}, {huge, huge}); });
  expect_error(Code::Invalid, "-2", [] { Tensor::empty(DType::Float32, {3, -2}); });
}

TEST_F(TensorTest, reading_as_another_type_names_both_dtypes) {
  const Tensor tensor = Tensor::of({1.0f});
  expect_error(Code::Invalid, "float32, asked for as float64", [&] { tensor.data<double>(); });
  expect_error(Code::Invalid, "", [&] { tensor.to_vector<std::string>(); });
  expect_error(Code::Invalid, "string, asked for as int32", [] { Tensor::text("x").item<int>(); });
}

TEST_F(TensorTest, item_refuses_more_than_one_element) {
  expect_error(Code::Invalid, "got 2", [] { Tensor::of({1.0f, 2.0f}).item<float>(); });
}

TEST_F(TensorTest, strings_keep_nul_emoji_and_size) {
  const std::string nul("a\0b", 3);
  const std::string large(1 << 20, 'x');
  const std::vector<std::string> values{nul, "\xf0\x9f\x98\x80", "", large};
  const Tensor tensor = Tensor::texts(values, {2, 2});
  EXPECT_EQ(tensor.dtype(), DType::String);
  EXPECT_EQ(tensor.to_vector<std::string>(), values);
  EXPECT_EQ(tensor.text_at(0), nul);
  EXPECT_EQ(tensor.data(), nullptr);
  EXPECT_EQ(Tensor::text("one").item<std::string>(), "one");
  EXPECT_EQ(Tensor::text({}).item<std::string>(), "");
}

TEST_F(TensorTest, string_beyond_the_end_is_an_error) {
  const Tensor tensor = Tensor::texts({"a", "b"});
  expect_error(Code::Invalid, "2", [&] { tensor.text_at(2); });
}

TEST_F(TensorTest, view_uses_the_callers_memory_and_releases_it_once) {
  std::vector<float> memory{1, 2, 3};
  int released = 0;
  {
    const Tensor tensor = Tensor::view(memory.data(), {3}, [&] { ++released; });
    EXPECT_EQ(tensor.data(), memory.data());
    const Tensor second = tensor.share();
    EXPECT_EQ(second.data<float>(), memory.data());
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
}

TEST_F(TensorTest, strided_view_is_copied_in_row_major_order) {
  const std::vector<std::int32_t> memory{1, 2, 3, 4, 5, 6};
  int released = 0;
  const Tensor transposed = Tensor::view(memory.data(), {3, 2}, [&] { ++released; }, {1, 3});
  EXPECT_EQ(released, 1);
  EXPECT_EQ(transposed.to_vector<std::int32_t>(), (std::vector<std::int32_t>{1, 4, 2, 5, 3, 6}));
  const Tensor reversed = Tensor::view(memory.data() + 5, {6}, {}, {-1});
  EXPECT_EQ(reversed.to_vector<std::int32_t>(), (std::vector<std::int32_t>{6, 5, 4, 3, 2, 1}));
}

TEST_F(TensorTest, refused_view_does_not_call_release) {
  const float value = 0;
  int released = 0;
  expect_error(Code::Invalid, "", [&] { Tensor::view(&value, {-1}, [&] { ++released; }); });
  expect_error(Code::Invalid, "one stride per dimension (1), got 2", [&] {
    Tensor::view(&value, {1}, [&] { ++released; }, {1, 1});
  });
  EXPECT_EQ(released, 0);
}

TEST_F(TensorTest, dtypes_without_a_cpp_type_go_through_untyped_memory) {
  const std::vector<std::uint16_t> halves{0x3c00, 0x4000};  // 1.0 and 2.0
  const Tensor tensor = Tensor::copy(DType::Float16, {2}, halves.data());
  EXPECT_EQ(tensor.nbytes(), 4u);
  EXPECT_EQ(static_cast<const std::uint16_t*>(tensor.data())[1], 0x4000);
  expect_error(Code::Invalid, "float16, asked for as uint16", [&] { tensor.data<std::uint16_t>(); });
}

TEST_F(TensorTest, copy_is_independent_of_its_source) {
  std::vector<int> memory{1, 2};
  const Tensor tensor = Tensor::copy(memory.data(), {2});
  memory[0] = 9;
  EXPECT_EQ(tensor.to_vector<int>(), (std::vector<int>{1, 2}));
}

}  // namespace
