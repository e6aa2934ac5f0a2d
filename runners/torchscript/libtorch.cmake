# Target `libtorch` from TORCH_DIR. Torch's own CMake package is not used: it looks for CUDA, MKL and
# others that a runner does not need to compile.
# Newer releases keep the numbers in the first file, older ones in the second.
foreach(header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
  if(EXISTS "${TORCH_DIR}/include/${header}")
    set(version_header "${TORCH_DIR}/include/${header}")
    break()
  endif()
endforeach()
if(NOT version_header OR NOT EXISTS "${TORCH_DIR}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "TORCH_DIR=`${TORCH_DIR}` is no torch: it lacks include/torch/headeronly/version.h or "
    "lib/libtorch_cpu.so. Give the folder of an installed torch: python -c 'import torch; print(torch.__path__[0])'")
endif()

file(STRINGS ${version_header} version_lines REGEX "^#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
string(REGEX MATCHALL "[0-9]+" version_numbers "${version_lines}")
list(JOIN version_numbers "." TORCH_VERSION)
if(NOT TORCH_VERSION MATCHES "^[0-9]+\\.[0-9]+\\.[0-9]+$")
  message(FATAL_ERROR "${version_header} names no version (read `${TORCH_VERSION}`)")
endif()
message(STATUS "libtorch ${TORCH_VERSION} in ${TORCH_DIR}")

# Wheels before 2.6 were built for the old C++ ABI; everything linked with them must be as well.
set(torch_config "${TORCH_DIR}/share/cmake/Torch/TorchConfig.cmake")
if(EXISTS ${torch_config})
  file(STRINGS ${torch_config} old_abi REGEX "_GLIBCXX_USE_CXX11_ABI=0")
  if(old_abi)
    add_compile_definitions(_GLIBCXX_USE_CXX11_ABI=0)
  endif()
endif()

add_library(libtorch INTERFACE)
target_include_directories(libtorch SYSTEM INTERFACE
  ${TORCH_DIR}/include ${TORCH_DIR}/include/torch/csrc/api/include)
target_compile_definitions(libtorch INTERFACE CARTON_TORCH_VERSION="${TORCH_VERSION}")
target_link_libraries(libtorch INTERFACE ${TORCH_DIR}/lib/libtorch_cpu.so ${TORCH_DIR}/lib/libc10.so)
if(EXISTS "${TORCH_DIR}/lib/libtorch_cuda.so")
  # Nothing of it is called by name; loading it registers the CUDA kernels.
  target_link_libraries(libtorch INTERFACE
    -Wl,--push-state,--no-as-needed ${TORCH_DIR}/lib/libtorch_cuda.so ${TORCH_DIR}/lib/libc10_cuda.so -Wl,--pop-state)
endif()
set(CMAKE_BUILD_RPATH ${TORCH_DIR}/lib)
set(CMAKE_INSTALL_RPATH ${TORCH_DIR}/lib)
