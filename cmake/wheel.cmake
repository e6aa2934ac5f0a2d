# What goes into the Python package: `cmake --install . --component wheel`, relative to site-packages.
# Headers and sources travel along, so that `pip install cartonml` is enough to compile programs against
# libcarton and to build a runner.

install(TARGETS _native LIBRARY DESTINATION cartonml COMPONENT wheel)

# A wheel holds no symlinks, and a second copy of the library would be a second library: the file has its
# soname, and the name that `-lcarton` looks for is a linker script that points to it.
set_target_properties(carton PROPERTIES VERSION 1)
install(TARGETS carton LIBRARY DESTINATION cartonml/lib COMPONENT wheel NAMELINK_SKIP)
file(WRITE ${PROJECT_BINARY_DIR}/wheel/libcarton.so "INPUT(libcarton.so.1)\n")
install(FILES ${PROJECT_BINARY_DIR}/wheel/libcarton.so DESTINATION cartonml/lib COMPONENT wheel)

install(DIRECTORY core/include/carton bindings/cpp/include/carton DESTINATION cartonml/include
  COMPONENT wheel FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

# The smallest runner, ready to be copied into a runner directory: for trying things out and for tests.
install(TARGETS carton-noop RUNTIME DESTINATION cartonml/runners/noop COMPONENT wheel)
install(FILES ${PROJECT_BINARY_DIR}/runners/noop/runner.toml DESTINATION cartonml/runners/noop COMPONENT wheel)

# What runners/torchscript/CMakeLists.txt needs, in the layout of the source tree; JSON for the machines
# that do not have it.
set(CARTON_RUNNER_SRC cartonml/runner_src)
install(FILES cmake/shared.cmake cmake/warnings.cmake DESTINATION ${CARTON_RUNNER_SRC}/cmake COMPONENT wheel)
install(DIRECTORY runners/sdk runners/torchscript DESTINATION ${CARTON_RUNNER_SRC}/runners
  COMPONENT wheel PATTERN "tests" EXCLUDE PATTERN "*.md" EXCLUDE)
foreach(part base tensor wire shm)
  install(DIRECTORY core/src/${part} DESTINATION ${CARTON_RUNNER_SRC}/core/src COMPONENT wheel)
endforeach()
find_path(CARTON_JSON_INCLUDE nlohmann/json.hpp REQUIRED)
install(DIRECTORY ${CARTON_JSON_INCLUDE}/nlohmann DESTINATION ${CARTON_RUNNER_SRC}/third_party COMPONENT wheel)
file(WRITE ${PROJECT_BINARY_DIR}/wheel/nlohmann_json-config.cmake
  "add_library(nlohmann_json::nlohmann_json INTERFACE IMPORTED)\n"
  "target_include_directories(nlohmann_json::nlohmann_json INTERFACE \${CMAKE_CURRENT_LIST_DIR})\n")
install(FILES ${PROJECT_BINARY_DIR}/wheel/nlohmann_json-config.cmake
  DESTINATION ${CARTON_RUNNER_SRC}/third_party COMPONENT wheel)
