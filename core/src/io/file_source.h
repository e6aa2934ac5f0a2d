// A local regular file, read through one held descriptor. Never mapped: a file that somebody shortens
// gives an IO error here, and would give SIGBUS as a mapping.
#pragma once

#include <memory>
#include <string>

#include "base/fd.h"
#include "io/source.h"

namespace carton {

class FileSource : public Source {
 public:
  // IO when the file is missing, unreadable, or not a regular file. Never blocks on a fifo.
  static std::shared_ptr<FileSource> open(const std::string& path);
  // Takes an open descriptor of a regular file; IO for any other kind.
  FileSource(Fd fd, std::string name);

  uint64_t size() const override { return size_; }
  void read_at(uint64_t offset, std::byte* out, uint64_t length) const override;
  int fd() const override { return fd_.get(); }
  std::string name() const override { return name_; }
  // "dev:inode:size:mtime_ns:ctime_ns" as they are now: another text means another content.
  std::string identity() const;

 private:
  Fd fd_;
  std::string name_;
  uint64_t size_ = 0;
};

// "a directory", "a fifo", "a regular file", ...
const char* file_kind(unsigned mode);

}  // namespace carton
