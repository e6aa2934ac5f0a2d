#include <cmath>
#include <cstring>

#include "c_api/fixture.h"

namespace carton::test {
namespace {

struct Tensors : CApi {};

void count_release(void* user_data) { ++*static_cast<int*>(user_data); }

TEST_F(Tensors, AViewSharesMemoryAndReleasesItOnce) {
  float data[6] = {1, 2, 3, 4, 5, 6};
  int64_t shape[2] = {2, 3};
  int released = 0;
  carton_tensor* tensor = nullptr;
  ASSERT_EQ(
      carton_tensor_view(CARTON_FLOAT32, shape, nullptr, 2, data, count_release, &released, &tensor, nullptr),
      CARTON_OK);
  EXPECT_EQ(carton_tensor_data(tensor), data);
  EXPECT_EQ(carton_tensor_nbytes(tensor), sizeof data);
  carton_tensor* second = carton_tensor_retain(tensor);
  carton_tensor_free(tensor);
  EXPECT_EQ(released, 0);
  carton_tensor_free(second);
  EXPECT_EQ(released, 1);
}

TEST_F(Tensors, StridedViewsAreCopiedInRowMajorOrder) {
  int32_t data[6] = {1, 2, 3, 4, 5, 6};
  int64_t shape[2] = {3, 2}, transposed[2] = {1, 3};
  int released = 0;
  carton_tensor* tensor = nullptr;
  ASSERT_EQ(carton_tensor_view(CARTON_INT32, shape, transposed, 2, data, count_release, &released, &tensor,
                               nullptr),
            CARTON_OK);
  EXPECT_EQ(released, 1);
  const int32_t expected[6] = {1, 4, 2, 5, 3, 6};
  EXPECT_EQ(std::memcmp(carton_tensor_data(tensor), expected, sizeof expected), 0);
  carton_tensor_free(tensor);

  int64_t six = 6, backwards = -1;
  ASSERT_EQ(
      carton_tensor_view(CARTON_INT32, &six, &backwards, 1, data + 5, nullptr, nullptr, &tensor, nullptr),
      CARTON_OK);
  EXPECT_EQ(static_cast<int32_t*>(carton_tensor_data(tensor))[0], 6);
  carton_tensor_free(tensor);
}

TEST_F(Tensors, AFailedViewDoesNotRelease) {
  float data = 0;
  int64_t negative = -1;
  int released = 0;
  carton_tensor* tensor = nullptr;
  carton_error* error = nullptr;
  EXPECT_EQ(carton_tensor_view(CARTON_FLOAT32, &negative, nullptr, 1, &data, count_release, &released,
                               &tensor, &error),
            CARTON_INVALID);
  EXPECT_EQ(tensor, nullptr);
  EXPECT_EQ(released, 0);
  carton_error_free(error);
}

TEST_F(Tensors, ShapesThatOverflowAreRefusedBeforeAllocation) {
  carton_tensor* tensor = nullptr;
  int64_t huge[3] = {INT64_MAX, INT64_MAX, 0};
  EXPECT_EQ(carton_tensor_create(CARTON_FLOAT64, huge, 3, &tensor, nullptr), CARTON_INVALID);
  int64_t shape[33] = {};
  EXPECT_EQ(carton_tensor_create(CARTON_FLOAT64, shape, 33, &tensor, nullptr), CARTON_LIMIT);
  EXPECT_EQ(carton_tensor_create(99, shape, 1, &tensor, nullptr), CARTON_INVALID);
  EXPECT_EQ(carton_tensor_create(CARTON_STRING, shape, 1, &tensor, nullptr), CARTON_INVALID);
}

TEST_F(Tensors, StringsKeepNulBytesAndRefuseBadUtf8) {
  const char* values[2] = {"a\0b", "\xF0\x9F\x98\x80"};
  uint64_t lengths[2] = {3, 4};
  int64_t two = 2;
  carton_tensor* tensor = nullptr;
  ASSERT_EQ(carton_tensor_strings(&two, 1, values, lengths, &tensor, nullptr), CARTON_OK);
  const char* text = nullptr;
  uint64_t length = 0;
  ASSERT_EQ(carton_tensor_string(tensor, 0, &text, &length, nullptr), CARTON_OK);
  EXPECT_EQ(length, 3u);
  EXPECT_EQ(std::memcmp(text, "a\0b", 4), 0);
  EXPECT_EQ(carton_tensor_string(tensor, 2, &text, &length, nullptr), CARTON_INVALID);
  EXPECT_EQ(text, nullptr);
  carton_tensor_free(tensor);
  const char* bad = "\xFF";
  EXPECT_EQ(carton_tensor_strings(nullptr, 0, &bad, nullptr, &tensor, nullptr), CARTON_INVALID);
}

TEST_F(Tensors, MapsKeepOrderAndReplaceByName) {
  carton_tensors* map = floats(1, 1);
  carton_tensors* other = floats(2, 5);
  carton_tensors_set(map, "y", carton_tensors_get(other, "x"), nullptr);
  carton_tensors_set(map, "x", carton_tensors_get(other, "x"), nullptr);
  carton_tensors_free(other);
  EXPECT_EQ(carton_tensors_count(map), 2u);
  EXPECT_STREQ(carton_tensors_name(map, 0), "x");
  EXPECT_STREQ(carton_tensors_name(map, 1), "y");
  EXPECT_EQ(carton_tensors_name(map, 2), nullptr);
  EXPECT_EQ(first(map), 5);
  carton_tensors_free(map);
}

TEST_F(Tensors, EveryEntryPointTakesNullCalmly) {
  EXPECT_EQ(carton_tensor_create(CARTON_INT8, nullptr, 0, nullptr, nullptr), CARTON_INVALID);
  EXPECT_EQ(carton_tensors_create(nullptr, nullptr), CARTON_INVALID);
  EXPECT_EQ(carton_tensors_set(nullptr, "x", nullptr, nullptr), CARTON_INVALID);
  EXPECT_EQ(carton_tensor_string(nullptr, 0, nullptr, nullptr, nullptr), CARTON_INVALID);
  EXPECT_EQ(carton_tensor_dtype(nullptr), -1);
  EXPECT_EQ(carton_tensor_rank(nullptr), -1);
  EXPECT_EQ(carton_tensor_data(nullptr), nullptr);
  EXPECT_EQ(carton_tensors_get(nullptr, nullptr), nullptr);
  EXPECT_EQ(carton_tensors_count(nullptr), 0u);
  EXPECT_EQ(carton_info_open(nullptr, nullptr, nullptr), CARTON_INVALID);
  EXPECT_EQ(carton_load(nullptr, nullptr, nullptr, nullptr), CARTON_INVALID);
  EXPECT_EQ(carton_model_infer(nullptr, nullptr, nullptr, nullptr, nullptr), CARTON_INVALID);
  EXPECT_EQ(carton_call_wait(nullptr, 0, nullptr, nullptr), CARTON_INVALID);
  carton_tensor_free(nullptr);
  carton_tensors_free(nullptr);
  carton_info_free(nullptr);
  carton_model_free(nullptr);
  carton_call_free(nullptr);
  carton_error_free(nullptr);
  carton_string_free(nullptr);
}

TEST_F(Tensors, TheDtypeTableIsConsistent) {
  EXPECT_STREQ(carton_dtype_name(CARTON_FLOAT32), "float32");
  EXPECT_STREQ(carton_dtype_name(CARTON_BFLOAT16), "bfloat16");
  EXPECT_EQ(carton_dtype_name(15), nullptr);
  EXPECT_EQ(carton_dtype_size(CARTON_BOOL), 1u);
  EXPECT_EQ(carton_dtype_size(CARTON_FLOAT16), 2u);
  EXPECT_EQ(carton_dtype_size(CARTON_STRING), 0u);
  EXPECT_STREQ(carton_code_name(CARTON_NO_RUNNER), "NO_RUNNER");
  EXPECT_STREQ(carton_code_name(99), "UNKNOWN");
}

}  // namespace
}  // namespace carton::test
