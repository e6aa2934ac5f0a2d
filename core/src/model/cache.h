// What Carton keeps on disk between loads: plain copies of compressed model files by content, and
// notes of which files were verified. Nothing here is needed: a cache that cannot be written only
// costs time. Shared by any number of processes; entries are whole or absent.
#pragma once

#include <string>

#include "base/fd.h"
#include "model/carton_file.h"
#include "shm/futex.h"

namespace carton {

class Cache {
 public:
  explicit Cache(std::string directory) : directory_(std::move(directory)) {}

  // Was the file of this identity (CartonFile::identity) verified against this manifest before?
  bool was_verified(const std::string& identity, const std::string& manifest_sha256) const;
  void remember_verified(const std::string& identity, const std::string& manifest_sha256) const;

  // A descriptor of the plain content of `entry`, from <cache>/blobs/sha256/<hash>; unpacked and
  // verified first when it is not there. `verify_again` hashes an entry that is. Throws IO or NO_SPACE
  // when the cache cannot be written, INTEGRITY when the carton's bytes are wrong, RUNNER_TIMEOUT.
  Fd blob(const CartonFile& carton, const FileEntry& entry, bool verify_again,
          int64_t deadline_ns = shm::kForever) const;

 private:
  Fd open_blob(const std::string& path, const FileEntry& entry, bool verify_again, int64_t deadline_ns) const;
  void write_blob(const std::string& path, const CartonFile& carton, const FileEntry& entry,
                  int64_t deadline_ns) const;
  std::string record_path(const std::string& identity, const std::string& manifest_sha256) const;

  std::string directory_;
};

// RUNNER_TIMEOUT when `deadline_ns` of CLOCK_MONOTONIC, of a load, has passed while it reads files.
void check_deadline(int64_t deadline_ns);

}  // namespace carton
