#include "model_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"

namespace carton::torchscript {

// pread and not a mapping: a file that is cut short under us is then an error, not a SIGBUS.
size_t ModelFile::read(uint64_t position, void* buffer, size_t length, const char*) const {
  if (position >= file_.size) return 0;
  length = std::min<uint64_t>(length, file_.size - position);
  size_t done = 0;
  while (done < length) {
    const ssize_t got = ::pread(file_.fd, static_cast<char*>(buffer) + done, length - done,
                                static_cast<off_t>(file_.offset + position + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw os_error("read model.pt", errno);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

}  // namespace carton::torchscript
