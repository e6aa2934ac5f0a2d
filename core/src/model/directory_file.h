// A carton as a directory with the same tree, MANIFEST included.
//
// The tree may be in somebody else's hands: each file is opened once, by the kernel's own rule that no
// symbolic link is followed and nothing above the directory is reached, and is hashed and used through
// that descriptor.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "base/fd.h"
#include "io/file_source.h"
#include "model/carton_file_storage.h"

namespace carton {

class DirectoryFile : public Storage {
 public:
  // `directory`: opened with O_DIRECTORY. POLICY for symbolic links, hard links and special files.
  DirectoryFile(Fd directory, const format::Limits& limits);

  const std::vector<StoredFile>& files() const override { return files_; }
  std::optional<FileRange> range(size_t index) const override;
  void stream(size_t index, const format::ByteSink& sink) const override;
  std::string identity() const override { return {}; }

 private:
  std::shared_ptr<FileSource> open(size_t index) const;
  std::shared_ptr<FileSource> opened(size_t index) const;

  Fd directory_;
  std::vector<StoredFile> files_;
  mutable std::mutex mutex_;
  mutable std::map<size_t, std::shared_ptr<FileSource>> open_;  // by range()
};

}  // namespace carton
