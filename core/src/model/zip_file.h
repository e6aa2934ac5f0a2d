// A carton as a local zip file.
#pragma once

#include <memory>

#include "format/zip_index.h"
#include "io/file_source.h"
#include "model/carton_file_storage.h"

namespace carton {

class ZipFile : public Storage {
 public:
  ZipFile(std::shared_ptr<FileSource> source, const format::Limits& limits);

  const std::vector<StoredFile>& files() const override { return files_; }
  std::optional<FileRange> range(size_t index) const override;
  void stream(size_t index, const format::ByteSink& sink) const override;
  std::string identity() const override { return source_->identity(); }

 private:
  std::shared_ptr<FileSource> source_;
  format::Limits limits_;
  format::ZipIndex index_;
  std::vector<StoredFile> files_;  // parallel to index_.files
};

}  // namespace carton
