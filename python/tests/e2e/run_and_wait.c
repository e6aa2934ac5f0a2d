/* Runs a model once, prints its result and the runner's process id, and waits for the end of input, so
 * that a test can look at both processes. */
#include <carton/carton.h>
#include <stdio.h>

static int fail(carton_error* error) {
  fprintf(stderr, "%s\n%s\n", carton_error_message(error), carton_error_hint(error));
  return 1;
}

int main(int argc, char** argv) {
  carton_model* model = NULL;
  carton_error* error = NULL;
  if (argc != 2 || carton_load(argv[1], NULL, &model, &error) != CARTON_OK) return fail(error);

  carton_tensors *inputs = NULL, *outputs = NULL;
  carton_tensor* x = NULL;
  carton_tensors_create(&inputs, NULL);
  carton_tensor_create(CARTON_FLOAT32, NULL, 0, &x, NULL);
  *(float*)carton_tensor_data(x) = 41;
  carton_tensors_set(inputs, "x", x, NULL);
  if (carton_model_infer(model, inputs, NULL, &outputs, &error) != CARTON_OK) return fail(error);
  printf("y = %g\n", *(float*)carton_tensor_data(carton_tensors_get(outputs, "y")));
  printf("%lld\n", (long long)carton_model_runner_pid(model));
  fflush(stdout);
  while (getchar() != EOF) {
  }

  carton_tensor_free(x);
  carton_tensors_free(inputs);
  carton_tensors_free(outputs);
  carton_model_free(model);
  return carton_live_objects() == 0 ? 0 : 1;
}
