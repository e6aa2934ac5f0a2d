// Asserts that a statement throws a carton::Error of a code, whose message holds a text.
#pragma once

#include <gtest/gtest.h>

#include "base/error.h"

#define EXPECT_CODE(expected_code, fragment, statement)                                                   \
  do {                                                                                                    \
    try {                                                                                                 \
      statement;                                                                                          \
      ADD_FAILURE() << #statement " threw nothing, expected " << carton::code_name(expected_code);        \
    } catch (const carton::Error& error) {                                                                \
      EXPECT_STREQ(carton::code_name(error.code()), carton::code_name(expected_code)) << error.message(); \
      EXPECT_NE(error.message().find(fragment), std::string::npos) << error.message();                    \
    }                                                                                                     \
  } while (false)
