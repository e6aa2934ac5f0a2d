#include "model/zip_file.h"

#include <utility>

namespace carton {
namespace {

const char* method_name(format::ZipMethod method) {
  switch (method) {
    case format::ZipMethod::Stored:
      return "stored";
    case format::ZipMethod::Deflate:
      return "deflate";
    case format::ZipMethod::Zstd:
      return "zstd";
  }
  return "";
}

}  // namespace

ZipFile::ZipFile(std::shared_ptr<FileSource> source, const format::Limits& limits)
    : source_(std::move(source)), limits_(limits), index_(format::ZipIndex::read(*source_, limits)) {
  files_.reserve(index_.files.size());
  for (const format::ZipEntry& entry : index_.files) {
    files_.push_back({entry.name, entry.size, entry.stored_size, method_name(entry.method)});
  }
}

std::optional<FileRange> ZipFile::range(size_t index) const {
  const format::ZipEntry& entry = index_.files[index];
  if (entry.method != format::ZipMethod::Stored) return std::nullopt;
  return FileRange{source_->fd(), entry.data_offset, entry.size};
}

void ZipFile::stream(size_t index, const format::ByteSink& sink) const {
  format::stream_entry(*source_, index_.files[index], limits_, sink);
}

}  // namespace carton
