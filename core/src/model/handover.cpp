#include "model/handover.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/strings.h"
#include "base/write_all.h"

namespace carton {
namespace {

constexpr uint64_t kInMemory = 8u << 20;  // compressed files up to this size never touch the disk
constexpr uint64_t kPage = 4096;
constexpr std::string_view kModelFolder = "model/";

void check_hash(const CartonFile& carton, const FileEntry& entry, int64_t deadline_ns) {
  carton.stream(
      entry.path,
      [](void* context, const std::byte*, uint64_t) { check_deadline(*static_cast<int64_t*>(context)); },
      &deadline_ns);
}

}  // namespace

Handover Handover::prepare(const CartonFile& carton, const Cache& cache, Verify verify, int64_t deadline_ns) {
  Handover out;
  bool known = verify == Verify::Never ||
               (verify == Verify::Once && cache.was_verified(carton.identity(), carton.manifest_sha256()));
  for (const FileEntry& entry : carton.files()) {
    if (entry.path.compare(0, kModelFolder.size(), kModelFolder) != 0) continue;
    if (!known && carton.range(entry.path)) check_hash(carton, entry, deadline_ns);
    out.add(carton, entry, cache, verify == Verify::Always, deadline_ns);
  }
  if (!known) cache.remember_verified(carton.identity(), carton.manifest_sha256());
  // What was unpacked may never change again under the runner.
  if (out.memory_) {
    ::fcntl(out.memory_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  }
  return out;
}

void Handover::add(const CartonFile& carton, const FileEntry& entry, const Cache& cache, bool verify_again,
                   int64_t deadline_ns) {
  std::string name = entry.path.substr(kModelFolder.size());
  if (entry.method == "linked") {
    throw Error(Code::Unsupported, text(quoted(entry.path), " is not in the carton, only linked by URL"),
                "fetch the file and pack the model with it; links are not downloaded yet");
  }
  if (auto range = carton.range(entry.path)) {
    items_.push_back({std::move(name), *range});
  } else if (entry.size <= kInMemory) {
    items_.push_back({std::move(name), unpack_to_memory(carton, entry)});
  } else {
    blobs_.push_back(cache.blob(carton, entry, verify_again, deadline_ns));
    items_.push_back({std::move(name), {blobs_.back().get(), 0, entry.size}});
  }
}

FileRange Handover::unpack_to_memory(const CartonFile& carton, const FileEntry& entry) {
  if (!memory_) {
    memory_ = Fd(::memfd_create("carton-model", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory_) throw os_error("memfd_create", errno);
  }
  FileRange range{memory_.get(), memory_size_, entry.size};
  if (::lseek(range.fd, static_cast<off_t>(range.offset), SEEK_SET) < 0) throw os_error("lseek", errno);
  carton.stream(
      entry.path,
      [](void* context, const std::byte* data, uint64_t size) {
        write_all(*static_cast<int*>(context), data, size, "unpack a model file to memory");
      },
      &range.fd);
  memory_size_ += (entry.size + kPage - 1) / kPage * kPage;
  return range;
}

}  // namespace carton
