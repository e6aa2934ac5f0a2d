#include "model/carton_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/strings.h"
#include "model/carton_file_opened.h"
#include "model/directory_file.h"
#include "model/zip_file.h"

namespace carton {
namespace {

bool is_url(std::string_view location) {
  size_t colon = location.find("://");
  if (colon == 0 || colon == std::string_view::npos) return false;
  return std::all_of(location.begin(), location.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
  });
}

std::unique_ptr<Storage> open_storage(const std::string& location, const format::Limits& limits) {
  // O_NONBLOCK: opening a fifo must not wait for a writer.
  Fd fd(::open(location.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) throw os_error(text("open ", quoted(location)), errno);
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) throw os_error(text("stat ", quoted(location)), errno);
  try {
    if (S_ISDIR(info.st_mode)) return std::make_unique<DirectoryFile>(std::move(fd), limits);
    return std::make_unique<ZipFile>(std::make_shared<FileSource>(std::move(fd), location), limits);
  } catch (const Error& error) {
    // The system's own errors name the file already.
    throw error.code() == Code::Io ? error : error.within(quoted(location));
  }
}

}  // namespace

std::shared_ptr<CartonFile> CartonFile::open(const std::string& location, const format::Limits& limits) {
  if (is_url(location)) {
    throw Error(Code::Unsupported,
                text(quoted(location), ": URLs cannot be opened, only files and directories"),
                "download the file and give its path");
  }
  if (location.find('\0') != std::string::npos) {
    throw Error(Code::Invalid, text("the path ", quoted(location), " has a NUL byte"));
  }
  auto storage = open_storage(location, limits);
  try {
    return std::make_shared<OpenedCarton>(location, std::move(storage), limits);
  } catch (const Error& error) {
    throw error.within(quoted(location));
  }
}

std::string CartonFile::read(const std::string& path, uint64_t max_size) const {
  const FileEntry* entry = find(path);
  if (entry != nullptr)
    format::check_limit(text("the size of ", quoted(path), ", in bytes,"), entry->size, max_size);
  std::string out;
  stream(
      path,
      [](void* context, const std::byte* data, uint64_t size) {
        static_cast<std::string*>(context)->append(reinterpret_cast<const char*>(data), size);
      },
      &out);
  return out;
}

std::vector<CartonFile::Mismatch> CartonFile::verify() const {
  std::vector<Mismatch> out;
  for (const FileEntry& file : files()) {
    if (file.method == "linked") continue;
    std::string actual;
    try {
      actual = actual_sha256(file.path);
    } catch (const Error& error) {
      actual = error.message();
    }
    if (actual != file.sha256) out.push_back({file.path, file.sha256, std::move(actual)});
  }
  return out;
}

}  // namespace carton
