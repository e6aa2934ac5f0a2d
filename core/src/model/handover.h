// The files of a model as the runner gets them: verified ranges of descriptors, never paths.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "model/cache.h"
#include "model/carton_file.h"

namespace carton {

enum class Verify { Once, Always, Never };

class Handover {
 public:
  struct Item {
    std::string name;  // below model/: "model.pt"
    FileRange range;   // descriptors are owned by the carton or the handover
  };

  // Verifies every file below model/ as `verify` says, unpacks what is compressed (small files to
  // memory, large ones to the cache), and lists the ranges. Throws INTEGRITY before anything is handed
  // over; UNSUPPORTED for files that are only linked; RUNNER_TIMEOUT at `deadline_ns` of CLOCK_MONOTONIC.
  static Handover prepare(const CartonFile& carton, const Cache& cache, Verify verify,
                          int64_t deadline_ns = shm::kForever);

  const std::vector<Item>& items() const { return items_; }

 private:
  void add(const CartonFile& carton, const FileEntry& entry, const Cache& cache, bool verify_again,
           int64_t deadline_ns);
  FileRange unpack_to_memory(const CartonFile& carton, const FileEntry& entry);

  std::vector<Item> items_;
  Fd memory_;  // all small unpacked files, one after the other
  uint64_t memory_size_ = 0;
  std::vector<Fd> blobs_;
};

}  // namespace carton
