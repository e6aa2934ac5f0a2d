// What a zip and a directory have in common for CartonFile: named files with plain contents.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "format/zip_stream.h"
#include "model/carton_file.h"

namespace carton {

struct StoredFile {
  std::string path;
  uint64_t size = 0, stored_size = 0;
  const char* method = "";  // as in FileEntry
};

// Immutable; safe from many threads.
class Storage {
 public:
  virtual ~Storage() = default;
  virtual const std::vector<StoredFile>& files() const = 0;  // sorted by path; MANIFEST and LINKS too
  // Of files()[index]: its plain bytes as a range of a descriptor that stays open, if there is one.
  virtual std::optional<FileRange> range(size_t index) const = 0;
  // Passes the plain content of files()[index] to `sink`. INTEGRITY when it has another length or CRC.
  virtual void stream(size_t index, const format::ByteSink& sink) const = 0;
  virtual std::string identity() const = 0;
};

}  // namespace carton
