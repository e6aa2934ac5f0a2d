// The implementation of CartonFile over a Storage.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "format/tensor_index.h"
#include "model/carton_file_storage.h"

namespace carton {

class OpenedCarton : public CartonFile {
 public:
  // Reads MANIFEST, LINKS and carton.toml and checks them against each other and the storage.
  OpenedCarton(std::string location, std::unique_ptr<Storage> storage, const format::Limits& limits);

  const std::string& location() const override { return location_; }
  const format::Metadata& metadata() const override { return metadata_; }
  const std::string& manifest_sha256() const override { return manifest_sha256_; }
  const std::vector<FileEntry>& files() const override { return files_; }
  const FileEntry* find(const std::string& path) const override;
  const format::Links& links() const override { return links_; }
  std::optional<FileRange> range(const std::string& path) const override;
  void stream(const std::string& path, Sink sink, void* context) const override;
  uint64_t read_at(const std::string& path, uint64_t offset, std::byte* out,
                   uint64_t capacity) const override;
  Tensor tensor(const std::string& name) const override;
  std::string identity() const override { return storage_->identity(); }

 protected:
  std::string actual_sha256(const std::string& path) const override;

 private:
  size_t index_of(const std::string& path) const;  // in files_; INVALID when there is none
  size_t stored_index_of(size_t index) const;      // in storage; UNSUPPORTED for a linked file
  std::string read_unlisted(std::string_view path, uint64_t max_size) const;
  void join(const format::Manifest& manifest);
  void check_all_listed(const format::Manifest& manifest) const;
  void check_references() const;
  void check_reference(const format::Reference& reference) const;
  const format::TensorIndex& tensor_index() const;
  FileRange plain_range(size_t index) const;

  std::string location_;
  std::unique_ptr<Storage> storage_;
  format::Limits limits_;
  format::Metadata metadata_;
  format::Links links_;
  std::string manifest_sha256_;
  std::vector<FileEntry> files_;  // in the order of MANIFEST: sorted
  std::vector<size_t> stored_;    // parallel: the index in storage, or kLinked

  mutable std::mutex mutex_;  // of what follows
  mutable std::optional<format::TensorIndex> tensor_index_;
  mutable std::set<size_t> verified_;  // files_ that read_at() has hashed in place
  mutable Fd unpacked_;                // the plain content of the compressed file last read
  mutable size_t unpacked_index_ = 0;
};

}  // namespace carton
