# One set of warnings for everything we compile; carton_options is linked by every target.
add_library(carton_options INTERFACE)
target_compile_options(carton_options INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wno-unused-parameter)
# gcc 12 sees overlaps in `"text" + std::string` that are not there (its bug 105651).
target_compile_options(carton_options INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>)
if(CARTON_WERROR)
  target_compile_options(carton_options INTERFACE -Werror)
endif()
if(CARTON_SANITIZE)
  target_compile_options(carton_options INTERFACE -fsanitize=${CARTON_SANITIZE} -fno-omit-frame-pointer -g)
  target_link_options(carton_options INTERFACE -fsanitize=${CARTON_SANITIZE})
  # The thread sanitizer does not model fences. Ours order sleeping against waking, and guard no data.
  target_compile_options(carton_options INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-tsan>)
endif()
