/* The example model called through Carton from C; inputs are built anew for every call.
 *
 *   carton_c MODEL.carton      speaks the protocol of counted_loop.h */
#define _POSIX_C_SOURCE 200809L

#include <carton/carton.h>
#include <stdio.h>
#include <string.h>

#include "counted_loop.h"

static const char* const list_strings[] = {"a", "list", "of", "strings"};

static int set(carton_tensors* map, const char* name, int32_t code, carton_tensor* tensor) {
  if (code == CARTON_OK) code = carton_tensors_set(map, name, tensor, NULL);
  carton_tensor_free(tensor);
  return code;
}

static int build(carton_tensors** inputs) {
  static const float values[3] = {1, 2, 3};
  static const int64_t three = 3, four = 4;
  static const char* const text = "text";
  carton_tensor* tensor = NULL;
  int code = carton_tensors_create(inputs, NULL);
  if (code != CARTON_OK) return code;
  code = carton_tensor_view(CARTON_FLOAT32, &three, NULL, 1, values, NULL, NULL, &tensor, NULL);
  if ((code = set(*inputs, "a", code, tensor)) != CARTON_OK) return code;
  code = carton_tensor_strings(NULL, 0, &text, NULL, &tensor, NULL);
  if ((code = set(*inputs, "b", code, tensor)) != CARTON_OK) return code;
  code = carton_tensor_strings(&four, 1, list_strings, NULL, &tensor, NULL);
  return set(*inputs, "c", code, tensor);
}

static int string_is(const carton_tensors* outputs, const char* name, uint64_t index, const char* expected) {
  const char* text = NULL;
  uint64_t length = 0;
  return carton_tensor_string(carton_tensors_get(outputs, name), index, &text, &length, NULL) == CARTON_OK &&
         length == strlen(expected) && memcmp(text, expected, length) == 0;
}

static int right(const carton_tensors* outputs) {
  const float* doubled = carton_tensor_data(carton_tensors_get(outputs, "doubled"));
  return doubled != NULL && doubled[2] == 6 && string_is(outputs, "string", 0, "A string") &&
         carton_tensor_count(carton_tensors_get(outputs, "stringlist")) == 4 &&
         string_is(outputs, "stringlist", 3, "strings");
}

static int call(void* model) {
  carton_tensors *inputs = NULL, *outputs = NULL;
  carton_error* error = NULL;
  int failed = build(&inputs) != CARTON_OK;
  if (!failed && carton_model_infer(model, inputs, NULL, &outputs, &error) != CARTON_OK) {
    fprintf(stderr, "%s\n", carton_error_message(error));
    failed = 1;
  }
  failed = failed || !right(outputs);
  carton_error_free(error);
  carton_tensors_free(outputs);
  carton_tensors_free(inputs);
  return failed;
}

int main(int argc, char** argv) {
  carton_model* model = NULL;
  carton_error* error = NULL;
  int status = 1;
  if (argc != 2) return fprintf(stderr, "usage: carton_c MODEL.carton\n"), 2;
  if (carton_load(argv[1], NULL, &model, &error) == CARTON_OK) {
    status = counted_loop(call, model);
  } else {
    fprintf(stderr, "%s\nhint: %s\n", carton_error_message(error), carton_error_hint(error));
  }
  carton_error_free(error);
  carton_model_free(model);
  return status;
}
