/* Run the example model of ../python/pack_and_run.py from C. No Python is needed for it.
 *
 *   cc run_model.c $(pkg-config --cflags --libs carton) -o run_model
 *   ./run_model example.carton
 */
#include <carton/carton.h>
#include <inttypes.h>
#include <stdio.h>

/* On failure: what went wrong, what to do about it, and the runner's last words if there are any. */
static int report(const carton_error* error) {
  fprintf(stderr, "%s: %s\n", carton_code_name(carton_error_code(error)), carton_error_message(error));
  if (*carton_error_hint(error)) fprintf(stderr, "hint: %s\n", carton_error_hint(error));
  if (*carton_error_log(error)) fprintf(stderr, "runner:\n%s\n", carton_error_log(error));
  return 1;
}

/* Adds a tensor that was just made (`code` says whether it was). The map keeps a reference of its own. */
static int32_t add(carton_tensors* map, const char* name, int32_t code, carton_tensor* tensor,
                   carton_error** error) {
  if (code == CARTON_OK) code = carton_tensors_set(map, name, tensor, error);
  carton_tensor_free(tensor);
  return code;
}

/* a: float32 [3], b: one string, c: a list of strings. */
static int32_t make_inputs(carton_tensors** out, carton_error** error) {
  static const float values[] = {1, 2, 3};
  static const char* const text[] = {"text"};
  static const char* const list[] = {"a", "list", "of", "strings"};
  const int64_t three = 3, four = 4;
  carton_tensor* tensor = NULL;

  int32_t code = carton_tensors_create(out, error);
  if (code != CARTON_OK) return code;
  /* A view uses our memory without a copy; it must then outlive the tensor. */
  code = carton_tensor_view(CARTON_FLOAT32, &three, NULL, 1, values, NULL, NULL, &tensor, error);
  if ((code = add(*out, "a", code, tensor, error)) != CARTON_OK) return code;
  code = carton_tensor_strings(NULL, 0, text, NULL, &tensor, error);
  if ((code = add(*out, "b", code, tensor, error)) != CARTON_OK) return code;
  code = carton_tensor_strings(&four, 1, list, NULL, &tensor, error);
  return add(*out, "c", code, tensor, error);
}

static void print_elements(const carton_tensor* tensor) {
  for (uint64_t i = 0; i < carton_tensor_count(tensor); ++i) {
    const char* text = NULL;
    uint64_t length = 0;
    if (carton_tensor_dtype(tensor) == CARTON_FLOAT32) {
      printf(" %g", ((const float*)carton_tensor_data(tensor))[i]);
    } else if (carton_tensor_string(tensor, i, &text, &length, NULL) == CARTON_OK) {
      printf(" \"%.*s\"", (int)length, text);
    } else {
      printf(" ?");
    }
  }
}

static void print_tensors(const char* title, const carton_tensors* map) {
  printf("%s\n", title);
  for (uint64_t i = 0; i < carton_tensors_count(map); ++i) {
    const carton_tensor* tensor = carton_tensors_at(map, i);
    printf("  %s: %s [", carton_tensors_name(map, i), carton_dtype_name(carton_tensor_dtype(tensor)));
    for (int32_t d = 0; d < carton_tensor_rank(tensor); ++d)
      printf("%s%" PRId64, d > 0 ? ", " : "", carton_tensor_shape(tensor)[d]);
    printf("] =");
    print_elements(tensor);
    printf("\n");
  }
}

int main(int argc, char** argv) {
  carton_model* model = NULL;
  carton_tensors *inputs = NULL, *outputs = NULL;
  carton_error* error = NULL;
  if (argc != 2) return fprintf(stderr, "usage: %s MODEL.carton\n", argv[0]), 2;

  int32_t code = carton_load(argv[1], NULL, &model, &error);
  if (code == CARTON_OK) code = make_inputs(&inputs, &error);
  if (code == CARTON_OK) code = carton_model_infer(model, inputs, NULL, &outputs, &error);

  if (code == CARTON_OK) {
    printf("runner %s\n", carton_model_runner_json(model));
    print_tensors("inputs", inputs);
    print_tensors("outputs", outputs);
  }
  const int status = code == CARTON_OK ? 0 : report(error);
  carton_error_free(error);
  carton_tensors_free(outputs);
  carton_tensors_free(inputs);
  carton_model_free(model);
  return status;
}
