// Writing to a descriptor until everything is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace carton {

// Writes `size` bytes at the descriptor's position, whatever signals come between. Throws what os_error
// makes of `what` and errno.
void write_all(int fd, const std::byte* data, uint64_t size, std::string_view what);

}  // namespace carton
