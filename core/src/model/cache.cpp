#include "model/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/strings.h"
#include "base/write_all.h"
#include "io/codecs.h"

namespace carton {
namespace {

namespace fs = std::filesystem;

void make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw os_error(text("create the cache folder ", quoted(path.string())), error.value());
}

// A file under construction: gone unless published.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& final_path) : path_(final_path + ".tmpXXXXXX") {
    fd_ = Fd(::mkostemp(path_.data(), O_CLOEXEC));
    if (!fd_) throw os_error(text("create ", quoted(path_)), errno);
  }
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  void write(const std::byte* data, uint64_t size) {
    write_all(fd_.get(), data, size, text("write ", quoted(path_)));
  }
  // Read-only, on disk, then under its final name: a reader finds all of it or nothing.
  void publish(const std::string& final_path) {
    if (::fchmod(fd_.get(), 0444) != 0 || ::fsync(fd_.get()) != 0)
      throw os_error(text("sync ", quoted(path_)), errno);
    if (::rename(path_.c_str(), final_path.c_str()) != 0)
      throw os_error(text("rename ", quoted(path_)), errno);
    path_.clear();
    Fd folder(::open(fs::path(final_path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder) ::fsync(folder.get());
  }

 private:
  std::string path_;
  Fd fd_;
};

std::string file_identity(const struct stat& info) {
  return text(static_cast<uint64_t>(info.st_dev), ":", static_cast<uint64_t>(info.st_ino), ":",
              static_cast<int64_t>(info.st_size), ":", info.st_mtim.tv_sec, ".", info.st_mtim.tv_nsec, ":",
              info.st_ctim.tv_sec, ".", info.st_ctim.tv_nsec);
}

bool content_matches(int fd, const FileEntry& entry, int64_t deadline_ns) {
  auto hash = make_sha256();
  std::vector<std::byte> buffer(1 << 20);
  uint64_t offset = 0;
  for (;;) {
    check_deadline(deadline_ns);
    ssize_t got = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    hash->update(buffer.data(), static_cast<uint64_t>(got));
    offset += static_cast<uint64_t>(got);
  }
  return offset == entry.size && to_hex(hash->finish()) == entry.sha256;
}

}  // namespace

std::string Cache::record_path(const std::string& identity, const std::string& manifest_sha256) const {
  std::string key = identity + "\n" + manifest_sha256;
  std::string name = sha256_hex(reinterpret_cast<const std::byte*>(key.data()), key.size());
  return (fs::path(directory_) / "verified" / name).string();
}

bool Cache::was_verified(const std::string& identity, const std::string& manifest_sha256) const {
  return !identity.empty() && ::access(record_path(identity, manifest_sha256).c_str(), F_OK) == 0;
}

void Cache::remember_verified(const std::string& identity, const std::string& manifest_sha256) const {
  if (identity.empty()) return;
  std::string path = record_path(identity, manifest_sha256);
  try {
    make_folders(fs::path(path).parent_path());
  } catch (const Error&) {
    return;  // the next load hashes once more
  }
  // An empty file: its name says everything.
  Fd record(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0444));
}

Fd Cache::blob(const CartonFile& carton, const FileEntry& entry, bool verify_again,
               int64_t deadline_ns) const {
  std::string path = (fs::path(directory_) / "blobs" / "sha256" / entry.sha256).string();
  if (Fd found = open_blob(path, entry, verify_again, deadline_ns)) return found;
  write_blob(path, carton, entry, deadline_ns);
  if (Fd made = open_blob(path, entry, false, deadline_ns)) return made;
  throw Error(Code::Integrity, text("the cache entry ", quoted(path), " changed while it was written"),
              "empty the cache folder and load again");
}

// The entry, if it is there and good; a damaged one is removed.
Fd Cache::open_blob(const std::string& path, const FileEntry& entry, bool verify_again,
                    int64_t deadline_ns) const {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return Fd();
  bool good = S_ISREG(info.st_mode) && static_cast<uint64_t>(info.st_size) == entry.size;
  if (good && (verify_again || !was_verified(file_identity(info), entry.sha256))) {
    good = content_matches(fd.get(), entry, deadline_ns);
    if (good) remember_verified(file_identity(info), entry.sha256);
  }
  if (good) return fd;
  ::unlink(path.c_str());
  return Fd();
}

void Cache::write_blob(const std::string& path, const CartonFile& carton, const FileEntry& entry,
                       int64_t deadline_ns) const {
  make_folders(fs::path(path).parent_path());
  TemporaryFile file(path);
  std::pair<TemporaryFile*, int64_t> target(&file, deadline_ns);
  carton.stream(
      entry.path,
      [](void* context, const std::byte* data, uint64_t size) {
        auto [out, deadline] = *static_cast<std::pair<TemporaryFile*, int64_t>*>(context);
        check_deadline(deadline);
        out->write(data, size);
      },
      &target);
  file.publish(path);
}

void check_deadline(int64_t deadline_ns) {
  if (shm::now_ns() < deadline_ns) return;
  throw Error(Code::RunnerTimeout, "the model's files could not be verified before the load's deadline",
              "give a longer timeout; a file that was verified once is not hashed again");
}

}  // namespace carton
