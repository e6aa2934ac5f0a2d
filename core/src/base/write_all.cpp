#include "base/write_all.h"

#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace carton {

void write_all(int fd, const std::byte* data, uint64_t size, std::string_view what) {
  while (size != 0) {
    ssize_t written = ::write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw os_error(what, errno);
    data += written;
    size -= static_cast<uint64_t>(written);
  }
}

}  // namespace carton
