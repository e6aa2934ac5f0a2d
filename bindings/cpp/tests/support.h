// What every test here needs: a check on errors, a check on leaks, and the two cartons.
#pragma once

#include <gtest/gtest.h>

#include <carton/carton.hpp>
#include <string>

namespace carton::testing {

// Cartons for the noop runner, which returns its inputs: one without specs, one with inputs
// a: float32 [3] and b: string []. And one for acting_runner.cpp.
inline const std::string echo_carton = CARTON_TEST_DATA "/echo.carton";
inline const std::string typed_carton = CARTON_TEST_DATA "/typed.carton";
inline const std::string acting_carton = CARTON_TEST_DATA "/acting.carton";

class NoLeaks : public ::testing::Test {
 protected:
  void SetUp() override { before_ = carton_live_objects(); }
  void TearDown() override { EXPECT_EQ(carton_live_objects(), before_) << "a handle was not freed"; }

 private:
  std::int64_t before_ = 0;
};

template <class Action>
void expect_error(Code code, const std::string& part, Action&& action) {
  try {
    action();
    FAIL() << "no error; expected one that says: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

}  // namespace carton::testing
