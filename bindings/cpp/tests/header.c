/* Compiled as strict C11, C++98 and C++17: carton.h must be valid in each, and need nothing before it. */
#include <carton/carton.h>

typedef char code_fits_int32[sizeof(carton_code) <= sizeof(int32_t) ? 1 : -1];

int carton_header_test(void);
int carton_header_test(void) {
  carton_load_options options;
  carton_load_options_init(&options);
  return (int)(sizeof(code_fits_int32) + sizeof(options)) > 0 ? CARTON_OK : CARTON_INTERNAL;
}
