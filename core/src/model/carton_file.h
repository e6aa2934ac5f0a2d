// An opened carton: a zip file or a directory whose index was validated and whose metadata was read.
// Model files are not touched until asked for. Immutable after open; safe from many threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "format/limits.h"
#include "format/links.h"
#include "format/manifest.h"
#include "format/metadata.h"
#include "tensor/tensor.h"

namespace carton {

// A file's plain bytes as a range of a descriptor that the CartonFile keeps open.
struct FileRange {
  int fd = -1;
  uint64_t offset = 0, size = 0;
};

struct FileEntry {
  std::string path;          // as in MANIFEST: "model/model.pt"
  uint64_t size = 0;         // uncompressed
  uint64_t stored_size = 0;  // as it lies in the carton; equals `size` when stored or in a directory
  std::string method;        // "stored", "deflate", "zstd", "directory", "linked" (only in LINKS)
  std::string sha256;        // from MANIFEST
};

class CartonFile {
 public:
  // `location`: a path to a file or directory. URLs are UNSUPPORTED here.
  static std::shared_ptr<CartonFile> open(const std::string& location, const format::Limits& limits = {});
  virtual ~CartonFile() = default;

  virtual const std::string& location() const = 0;
  virtual const format::Metadata& metadata() const = 0;
  virtual const std::string& manifest_sha256() const = 0;
  virtual const std::vector<FileEntry>& files() const = 0;           // all of MANIFEST, in its order
  virtual const FileEntry* find(const std::string& path) const = 0;  // nullptr when there is none

  // Where `path` lies uncompressed, if it does (Stored in a local zip, or a file of a directory). Its
  // hash has NOT been checked: call stream() afterwards, which then reads this same descriptor. In a
  // directory the file is opened here, and stays open. nullopt for a compressed or linked file.
  virtual std::optional<FileRange> range(const std::string& path) const = 0;
  // Streams the plain bytes of `path` through `sink`, piece by piece, then throws INTEGRITY if their
  // number, CRC or sha256 is not what index and MANIFEST say: trust nothing before it has returned.
  // UNSUPPORTED for a linked file, INVALID for a path not in MANIFEST. What `sink` throws passes.
  using Sink = void (*)(void* context, const std::byte* data, uint64_t size);
  virtual void stream(const std::string& path, Sink sink, void* context) const = 0;

  // All of a file in memory, hash checked; LIMIT beyond `max_size`, INVALID for a path not in MANIFEST.
  std::string read(const std::string& path, uint64_t max_size) const;
  // Up to `capacity` bytes from `offset`; 0 at the end. The hash is checked at the first read of a file.
  virtual uint64_t read_at(const std::string& path, uint64_t offset, std::byte* out,
                           uint64_t capacity) const = 0;
  // The tensor `name` of tensor_data/index.toml, hash checked. INVALID when there is none.
  virtual Tensor tensor(const std::string& name) const = 0;
  // Identity of the local file for the record of verified files: "dev:inode:size:mtime_ns:ctime_ns",
  // as they are now; empty when there is no such thing (a directory).
  virtual std::string identity() const = 0;
  // Where linked files can be fetched, by sha256.
  virtual const format::Links& links() const = 0;
  // Everything as the JSON object of carton_info_json.
  std::string json() const;

  struct Mismatch {
    std::string path, expected, actual;  // actual: hex, or the reason it could not be read
  };
  // Every file against MANIFEST, but the linked ones, which the carton does not hold.
  std::vector<Mismatch> verify() const;

 protected:
  // Of the plain content of a file that the carton holds.
  virtual std::string actual_sha256(const std::string& path) const = 0;
};

}  // namespace carton
