# What host and runners are both made of: core/src/{base,tensor,wire,shm}. No third-party library but
# header-only JSON.
get_filename_component(CARTON_CORE_SRC ${CMAKE_CURRENT_LIST_DIR}/../core/src ABSOLUTE)
find_package(nlohmann_json REQUIRED)
file(GLOB CARTON_SHARED_SOURCES CONFIGURE_DEPENDS
  ${CARTON_CORE_SRC}/base/*.cpp ${CARTON_CORE_SRC}/tensor/*.cpp
  ${CARTON_CORE_SRC}/wire/*.cpp ${CARTON_CORE_SRC}/shm/*.cpp)
add_library(carton_shared STATIC ${CARTON_SHARED_SOURCES})
target_include_directories(carton_shared PUBLIC ${CARTON_CORE_SRC})
target_link_libraries(carton_shared PUBLIC carton_options nlohmann_json::nlohmann_json)
