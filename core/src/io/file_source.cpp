#include "io/file_source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "base/strings.h"

namespace carton {

const char* file_kind(unsigned mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "a regular file";
    case S_IFDIR:
      return "a directory";
    case S_IFLNK:
      return "a symbolic link";
    case S_IFIFO:
      return "a fifo";
    case S_IFSOCK:
      return "a socket";
    case S_IFCHR:
      return "a character device";
    case S_IFBLK:
      return "a block device";
    default:
      return "a special file";
  }
}

std::shared_ptr<FileSource> FileSource::open(const std::string& path) {
  // O_NONBLOCK: opening a fifo must not wait for a writer. It has no effect on regular files.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) throw os_error(text("open ", quoted(path)), errno);
  return std::make_shared<FileSource>(std::move(fd), path);
}

FileSource::FileSource(Fd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {
  struct stat info;
  if (::fstat(fd_.get(), &info) != 0) throw os_error(text("stat ", quoted(name_)), errno);
  if (!S_ISREG(info.st_mode)) {
    throw Error(Code::Io, text(quoted(name_), ": expected a regular file, got ", file_kind(info.st_mode)));
  }
  size_ = static_cast<uint64_t>(info.st_size);
}

void FileSource::read_at(uint64_t offset, std::byte* out, uint64_t length) const {
  if (!in_range(offset, length, size_)) {
    throw Error(Code::Io, text(quoted(name_), ": cannot read ", length, " bytes at offset ", offset,
                               " of a file of ", size_, " bytes"));
  }
  constexpr uint64_t kMaxRead = 1u << 30;  // the kernel reads at most 2 GiB - 4 KiB at once
  while (length > 0) {
    ssize_t got = ::pread(fd_.get(), out, std::min(length, kMaxRead), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw os_error(text("read ", quoted(name_)), errno);
    if (got == 0) {
      throw Error(Code::Io,
                  text(quoted(name_), ": the file ends at offset ", offset, " but had ", size_,
                       " bytes when it was opened"),
                  "something shortened the file while it was being read; write it anew and load again");
    }
    out += got;
    offset += static_cast<uint64_t>(got);
    length -= static_cast<uint64_t>(got);
  }
}

std::string FileSource::identity() const {
  struct stat info;
  if (::fstat(fd_.get(), &info) != 0) throw os_error(text("stat ", quoted(name_)), errno);
  auto nanoseconds = [](const timespec& t) {
    return static_cast<int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
  };
  return text(static_cast<uint64_t>(info.st_dev), ':', static_cast<uint64_t>(info.st_ino), ':',
              static_cast<int64_t>(info.st_size), ':', nanoseconds(info.st_mtim), ':',
              nanoseconds(info.st_ctim));
}

}  // namespace carton
