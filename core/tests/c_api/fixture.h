// A carton for the noop runner, and helpers that see only carton.h.
#pragma once

#include <carton/carton.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "support/carton_builder.h"

namespace carton::test {

class CApi : public testing::Test {
 protected:
  CApi() {
    ::setenv("CARTON_RUNNER_DIR", CARTON_RUNNERS, 1);
    ::setenv("CARTON_CACHE_DIR", (folder / "cache").c_str(), 1);
    write_file(path, builder.zip());
    live_before = carton_live_objects();
  }
  void TearDown() override { EXPECT_EQ(carton_live_objects(), live_before); }

  carton_model* load(const carton_load_options* options = nullptr) {
    carton_model* model = nullptr;
    carton_error* error = nullptr;
    EXPECT_EQ(carton_load(path.c_str(), options, &model, &error), CARTON_OK) << carton_error_message(error);
    carton_error_free(error);
    return model;
  }

  static carton_tensors* floats(int64_t count, float value) {
    carton_tensors* map = nullptr;
    carton_tensor* tensor = nullptr;
    EXPECT_EQ(carton_tensors_create(&map, nullptr), CARTON_OK);
    EXPECT_EQ(carton_tensor_create(CARTON_FLOAT32, &count, 1, &tensor, nullptr), CARTON_OK);
    auto* data = static_cast<float*>(carton_tensor_data(tensor));
    for (int64_t i = 0; i < count; ++i) data[i] = value;
    EXPECT_EQ(carton_tensors_set(map, "x", tensor, nullptr), CARTON_OK);
    carton_tensor_free(tensor);
    return map;
  }

  static float first(const carton_tensors* map) {
    return *static_cast<float*>(carton_tensor_data(carton_tensors_get(map, "x")));
  }

  TempDir folder;
  CartonBuilder builder;
  std::string path = folder / "m.carton";
  int64_t live_before = 0;
};

}  // namespace carton::test
