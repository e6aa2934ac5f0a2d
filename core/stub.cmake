# Builds the stub (src/runner/stub/stub.h) and embeds its executable in carton_core. It is freestanding:
# no libc, no sanitizers, nothing of the flags that the rest is compiled with.
add_executable(carton_stub src/runner/stub/stub.c)
target_compile_options(carton_stub PRIVATE
  -Os -ffreestanding -fno-stack-protector -fno-pie -fno-asynchronous-unwind-tables
  -fno-tree-loop-distribute-patterns -fno-sanitize=all -U_FORTIFY_SOURCE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion)
if(CARTON_WERROR)
  target_compile_options(carton_stub PRIVATE -Werror)
endif()
target_link_options(carton_stub PRIVATE -static -nostdlib -no-pie -fno-sanitize=all -Wl,--build-id=none -s)
set_target_properties(carton_stub PROPERTIES
  POSITION_INDEPENDENT_CODE OFF
  INTERPROCEDURAL_OPTIMIZATION OFF
  RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/stub)

# The copy is a file that the embedding object can depend on: a target's file name is not known yet.
set(CARTON_STUB_FILE ${CMAKE_CURRENT_BINARY_DIR}/stub/stub.bin)
add_custom_command(OUTPUT ${CARTON_STUB_FILE}
  COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_FILE:carton_stub> ${CARTON_STUB_FILE}
  DEPENDS carton_stub VERBATIM)
set_source_files_properties(src/runner/stub/embed.S PROPERTIES
  COMPILE_DEFINITIONS "CARTON_STUB_FILE=\"${CARTON_STUB_FILE}\""
  OBJECT_DEPENDS ${CARTON_STUB_FILE})
target_sources(carton_core PRIVATE src/runner/stub/embed.S ${CARTON_STUB_FILE})
