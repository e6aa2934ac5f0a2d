#include "model/carton_file_opened.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/strings.h"
#include "base/write_all.h"
#include "io/codecs.h"

namespace carton {
namespace {

constexpr size_t kLinked = SIZE_MAX;
constexpr const char* kManifest = "MANIFEST";
constexpr const char* kLinks = "LINKS";
constexpr const char* kCartonToml = "carton.toml";

size_t find_stored(const std::vector<StoredFile>& files, std::string_view path) {
  auto at = std::lower_bound(files.begin(), files.end(), path,
                             [](const StoredFile& file, std::string_view p) { return file.path < p; });
  return at != files.end() && at->path == path ? static_cast<size_t>(at - files.begin()) : kLinked;
}

const std::byte* bytes_of(const std::string& text) { return reinterpret_cast<const std::byte*>(text.data()); }

// Hashes on the way to `sink`.
std::string stream_hashed(const Storage& storage, size_t index, const format::ByteSink& sink) {
  auto hash = make_sha256();
  storage.stream(index, [&](const std::byte* data, uint64_t size) {
    hash->update(data, size);
    sink(data, size);
  });
  return to_hex(hash->finish());
}

std::string shortened(const std::string& hash) { return quoted(hash.substr(0, 12) + "…"); }

void check_hash(const FileEntry& file, size_t index, const std::string& actual) {
  if (actual == file.sha256) return;
  throw Error(Code::Integrity,
              text(quoted(file.path), " expected sha256 ", shortened(file.sha256), ", got ",
                   shortened(actual), " (MANIFEST line ", index + 1, ")"),
              "the file is not the one that was packed; fetch it again, or run `carton verify` to list every "
              "mismatch");
}

}  // namespace

OpenedCarton::OpenedCarton(std::string location, std::unique_ptr<Storage> storage,
                           const format::Limits& limits)
    : location_(std::move(location)), storage_(std::move(storage)), limits_(limits) {
  for (const char* name : {kManifest, kCartonToml}) {
    if (find_stored(storage_->files(), name) == kLinked) {
      throw Error(Code::Format, text("not a carton: it has no file ", quoted(name)),
                  "a carton is made by `cartonml.pack` or `carton pack`");
    }
  }
  std::string manifest = read_unlisted(kManifest, limits_.manifest_bytes);
  manifest_sha256_ = sha256_hex(bytes_of(manifest), manifest.size());
  if (find_stored(storage_->files(), kLinks) != kLinked) {
    links_ = format::Links::parse(read_unlisted(kLinks, limits_.links_bytes), limits_);
  }
  join(format::Manifest::parse(manifest, limits_));
  metadata_ = format::Metadata::parse(read(kCartonToml, limits_.carton_toml_bytes), limits_);
  check_references();
}

// MANIFEST and LINKS, which no hash covers.
std::string OpenedCarton::read_unlisted(std::string_view path, uint64_t max_size) const {
  size_t index = find_stored(storage_->files(), path);
  format::check_limit(text("the size of ", path, ", in bytes,"), storage_->files()[index].size, max_size);
  std::string out;
  storage_->stream(index, [&](const std::byte* data, uint64_t size) {
    out.append(reinterpret_cast<const char*>(data), size);
  });
  return out;
}

void OpenedCarton::join(const format::Manifest& manifest) {
  const std::vector<StoredFile>& stored = storage_->files();
  for (const format::ManifestEntry& entry : manifest.entries) {
    size_t index = find_stored(stored, entry.path);
    if (index == kLinked && links_.urls.count(entry.sha256) == 0) {
      throw Error(Code::Integrity,
                  text(quoted(entry.path), " is listed in MANIFEST but is not in the carton"),
                  "the file is not complete; fetch or pack it again");
    }
    stored_.push_back(index);
    if (index == kLinked) {
      files_.push_back({entry.path, 0, 0, "linked", entry.sha256});
    } else {
      files_.push_back(
          {entry.path, stored[index].size, stored[index].stored_size, stored[index].method, entry.sha256});
    }
  }
  check_all_listed(manifest);
}

void OpenedCarton::check_all_listed(const format::Manifest& manifest) const {
  for (const StoredFile& file : storage_->files()) {
    if (file.path == kManifest || file.path == kLinks || manifest.find(file.path) != nullptr) continue;
    throw Error(Code::Integrity, text(quoted(file.path), " is in the carton but not listed in MANIFEST"),
                "something added it after packing; remove it, or pack the model again");
  }
}

void OpenedCarton::check_references() const {
  auto check = [&](const format::References& references) {
    for (const auto& [name, reference] : references) check_reference(reference);
  };
  for (const format::SelfTest& test : metadata_.self_tests) {
    check(test.inputs);
    if (test.expected_out) check(*test.expected_out);
  }
  for (const format::Example& example : metadata_.examples) {
    check(example.inputs);
    check(example.sample_out);
  }
}

void OpenedCarton::check_reference(const format::Reference& reference) const {
  bool misc = reference.kind == format::Reference::Kind::Misc;
  if (misc ? find("misc/" + reference.name) != nullptr : tensor_index().find(reference.name) != nullptr)
    return;
  const char* prefix = misc ? "@misc/" : "@tensor_data/";
  throw Error(Code::Format,
              text("carton.toml refers to ", quoted(prefix + reference.name), ", which does not exist"));
}

const FileEntry* OpenedCarton::find(const std::string& path) const {
  auto at = std::lower_bound(files_.begin(), files_.end(), path,
                             [](const FileEntry& file, const std::string& p) { return file.path < p; });
  return at != files_.end() && at->path == path ? &*at : nullptr;
}

size_t OpenedCarton::index_of(const std::string& path) const {
  const FileEntry* entry = find(path);
  if (entry == nullptr) throw Error(Code::Invalid, text("the carton has no file ", quoted(path)));
  return static_cast<size_t>(entry - files_.data());
}

size_t OpenedCarton::stored_index_of(size_t index) const {
  if (stored_[index] != kLinked) return stored_[index];
  throw Error(Code::Unsupported, text(quoted(files_[index].path), " is not in the carton, only linked to"),
              "linked files cannot be fetched; pack the model without linked files");
}

std::optional<FileRange> OpenedCarton::range(const std::string& path) const {
  size_t index = index_of(path);
  if (stored_[index] == kLinked) return std::nullopt;
  return storage_->range(stored_[index]);
}

void OpenedCarton::stream(const std::string& path, Sink sink, void* context) const {
  size_t index = index_of(path);
  auto forward = [&](const std::byte* data, uint64_t size) { sink(context, data, size); };
  check_hash(files_[index], index, stream_hashed(*storage_, stored_index_of(index), forward));
}

std::string OpenedCarton::actual_sha256(const std::string& path) const {
  return stream_hashed(*storage_, stored_index_of(index_of(path)), [](const std::byte*, uint64_t) {});
}

// Where the verified plain content lies; `mutex_` is held. A compressed file is unpacked to memory, one
// at a time: what is read here are metadata and small files, models are streamed.
FileRange OpenedCarton::plain_range(size_t index) const {
  const FileEntry& file = files_[index];
  size_t stored = stored_index_of(index);
  if (auto range = storage_->range(stored)) {
    if (verified_.count(index) == 0) {
      check_hash(file, index, actual_sha256(file.path));
      verified_.insert(index);
    }
    return *range;
  }
  if (!unpacked_ || unpacked_index_ != index) {
    format::check_limit(
        text("the size of the compressed file ", quoted(file.path), ", in bytes, to be read in parts,"),
        file.size, limits_.buffered_bytes);
    Fd memory(::memfd_create("carton-file", MFD_CLOEXEC));
    if (!memory) throw os_error("create memory for an unpacked file", errno);
    auto write = [&](const std::byte* data, uint64_t size) {
      write_all(memory.get(), data, size, "write unpacked file to memory");
    };
    check_hash(file, index, stream_hashed(*storage_, stored, write));
    unpacked_ = std::move(memory);
    unpacked_index_ = index;
  }
  return {unpacked_.get(), 0, file.size};
}

uint64_t OpenedCarton::read_at(const std::string& path, uint64_t offset, std::byte* out,
                               uint64_t capacity) const {
  size_t index = index_of(path);
  std::lock_guard lock(mutex_);
  FileRange range = plain_range(index);
  if (offset >= range.size) return 0;
  uint64_t wanted = std::min(capacity, range.size - offset), done = 0;
  while (done < wanted) {
    ssize_t got =
        ::pread(range.fd, out + done, wanted - done, static_cast<off_t>(range.offset + offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw os_error(text("read ", quoted(path)), errno);
    if (got == 0)
      throw Error(Code::Io, text(quoted(path), ": the file was shortened while it was being read"));
    done += static_cast<uint64_t>(got);
  }
  return done;
}

const format::TensorIndex& OpenedCarton::tensor_index() const {
  std::lock_guard lock(mutex_);
  if (!tensor_index_) {
    if (find(format::kTensorIndexPath) == nullptr) {
      tensor_index_.emplace();
    } else {
      auto index =
          format::TensorIndex::parse(read(format::kTensorIndexPath, limits_.tensor_index_bytes), limits_);
      for (const auto& [name, entry] : index.tensors) {
        if (entry.path.empty() || find(entry.path) != nullptr) continue;
        throw Error(Code::Format, text(format::kTensorIndexPath, ": tensor ", quoted(name),
                                       " is said to lie in ", quoted(entry.path), ", which does not exist"));
      }
      tensor_index_ = std::move(index);
    }
  }
  return *tensor_index_;
}

Tensor OpenedCarton::tensor(const std::string& name) const {
  const format::IndexedTensor* entry = tensor_index().find(name);
  if (entry == nullptr) throw Error(Code::Invalid, text("the carton has no tensor ", quoted(name)));
  if (entry->path.empty()) return format::decode_tensor(*entry, {}, limits_);
  uint64_t max_size = entry->dtype == DType::String ? limits_.string_tensor_bytes : entry->nbytes();
  const FileEntry* file = find(entry->path);
  // Before memory is spent on it; decode_tensor says the rest.
  if (entry->dtype != DType::String && file->method != std::string("linked") &&
      file->size != entry->nbytes()) {
    throw Error(Code::Format, text(quoted(entry->path), ": tensor ", quoted(name), ", ",
                                   dtype_name(entry->dtype), " of shape ", shape_text(entry->shape),
                                   ", takes ", entry->nbytes(), " bytes, the file has ", file->size));
  }
  return format::decode_tensor(*entry, read(entry->path, max_size), limits_);
}

}  // namespace carton
