#include "model/directory_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/strings.h"
#include "format/path.h"

namespace carton {
namespace {

Fd open_beneath(int directory, const std::string& path, uint64_t flags) {
  open_how how{};
  how.flags = flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  long fd = ::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how);
  if (fd >= 0) return Fd(static_cast<int>(fd));
  int cause = errno;
  if (cause == ELOOP || cause == EXDEV) {
    throw Error(Code::Policy, text(quoted(path), " is, or lies behind, a symbolic link"),
                "replace links by copies of the files, or pack the folder into a .carton file");
  }
  throw os_error(text("open ", quoted(path)), cause);
}

void check_plain_file(const std::string& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode)) {
    throw Error(Code::Policy,
                text(quoted(path), ": expected a regular file or a directory, got ", file_kind(info.st_mode)),
                "replace links by copies of the files, or pack the folder into a .carton file");
  }
  if (info.st_nlink > 1) {
    throw Error(Code::Policy,
                text(quoted(path), " has ", static_cast<uint64_t>(info.st_nlink), " hard links"),
                "it may be changed under another name; copy the folder, so that each file has one name");
  }
}

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

std::vector<std::string> list_directory(Fd fd, const std::string& path) {
  std::unique_ptr<DIR, DirCloser> dir(::fdopendir(fd.get()));
  if (!dir) throw os_error(text("list ", quoted(path)), errno);
  fd.release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  if (errno != 0) throw os_error(text("list ", quoted(path)), errno);
  return names;
}

// All files below `root`, without recursion: a tree may be deep.
class Walk {
 public:
  Walk(int root, const format::Limits& limits) : root_(root), limits_(limits) {}

  std::vector<StoredFile> files() {
    std::vector<std::string> folders{"."};
    while (!folders.empty()) {
      std::string folder = std::move(folders.back());
      folders.pop_back();
      for (const std::string& name : list_directory(open_beneath(root_, folder, O_DIRECTORY), folder)) {
        std::string path = folder == "." ? name : folder + "/" + name;
        if (add(path)) folders.push_back(path);
      }
    }
    std::sort(files_.begin(), files_.end(),
              [](const StoredFile& a, const StoredFile& b) { return a.path < b.path; });
    return std::move(files_);
  }

 private:
  // Returns whether `path` is a folder to go into.
  bool add(const std::string& path) {
    format::check_limit("the number of files and folders", ++count_, limits_.entries);
    format::check_path(path, limits_);
    struct stat info;
    if (::fstatat(root_, path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
      throw os_error(text("stat ", quoted(path)), errno);
    if (S_ISDIR(info.st_mode)) return true;
    check_plain_file(path, info);
    uint64_t size = static_cast<uint64_t>(info.st_size);
    files_.push_back({path, size, size, "directory"});
    return false;
  }

  int root_;
  const format::Limits& limits_;
  std::vector<StoredFile> files_;
  uint64_t count_ = 0;
};

}  // namespace

DirectoryFile::DirectoryFile(Fd directory, const format::Limits& limits)
    : directory_(std::move(directory)), files_(Walk(directory_.get(), limits).files()) {}

std::shared_ptr<FileSource> DirectoryFile::open(size_t index) const {
  const StoredFile& file = files_[index];
  Fd fd = open_beneath(directory_.get(), file.path, 0);
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) throw os_error(text("stat ", quoted(file.path)), errno);
  check_plain_file(file.path, info);  // again: this is the file that will be used
  auto source = std::make_shared<FileSource>(std::move(fd), file.path);
  if (source->size() != file.size) {
    throw Error(Code::Integrity,
                text(quoted(file.path), " had ", file.size, " bytes when the carton was opened, has ",
                     source->size()),
                "the file changed while it was in use; open the carton again");
  }
  return source;
}

std::shared_ptr<FileSource> DirectoryFile::opened(size_t index) const {
  std::lock_guard lock(mutex_);
  auto at = open_.find(index);
  return at == open_.end() ? nullptr : at->second;
}

std::optional<FileRange> DirectoryFile::range(size_t index) const {
  std::lock_guard lock(mutex_);
  auto& source = open_[index];
  if (!source) source = open(index);
  return FileRange{source->fd(), 0, source->size()};
}

void DirectoryFile::stream(size_t index, const format::ByteSink& sink) const {
  auto source = opened(index);
  if (!source) source = open(index);
  std::vector<std::byte> buffer(std::min<uint64_t>(source->size(), 256 * format::kKiB));
  for (uint64_t done = 0; done < source->size();) {
    uint64_t length = std::min<uint64_t>(buffer.size(), source->size() - done);
    source->read_at(done, buffer.data(), length);
    sink(buffer.data(), length);
    done += length;
  }
}

}  // namespace carton
