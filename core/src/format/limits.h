// What a carton may cost to read. Every parser takes these as an argument, checks them before it
// parses or allocates what they guard, and reports one that was met as LIMIT, by name and value.
#pragma once

#include <cstdint>
#include <string_view>

namespace carton::format {

inline constexpr uint64_t kKiB = 1024;
inline constexpr uint64_t kMiB = 1024 * kKiB;
inline constexpr uint64_t kGiB = 1024 * kMiB;
inline constexpr uint64_t kTiB = 1024 * kGiB;

// The TOML parser is compiled with this cap: a deeper limit than this cannot be set.
inline constexpr uint64_t kMaxTomlDepth = 64;

struct Limits {
  // The archive
  uint64_t entries = 100'000;            // of the zip, or files of the directory
  uint64_t directory_bytes = 64 * kMiB;  // the zip's central directory
  uint64_t extra_fields = 16;            // per zip record
  uint64_t extra_bytes = 64 * kMiB;      // of all local zip headers together
  uint64_t unpacked_bytes = kTiB;        // of all files together
  uint64_t path_bytes = 1024;
  uint64_t segment_bytes = 255;  // between two slashes
  uint64_t path_depth = 32;      // segments
  uint64_t zstd_window = 128 * kMiB;

  // The metadata
  uint64_t carton_toml_bytes = kMiB;
  uint64_t manifest_bytes = 64 * kMiB;
  uint64_t links_bytes = 16 * kMiB;
  uint64_t urls_per_hash = 100;
  uint64_t tensor_index_bytes = 16 * kMiB;
  uint64_t toml_depth = kMaxTomlDepth;  // tables, arrays and dotted keys inside one another

  // Values
  uint64_t buffered_bytes = kGiB;  // a compressed file unpacked to memory, to be read in parts
  uint64_t tensor_rank = 32;
  uint64_t tensors_per_file = 1000;          // entries of a tensor index that share one file
  uint64_t string_tensor_bytes = 64 * kMiB;  // the TOML file of a string tensor
  uint64_t option_bytes = 64 * kKiB;         // one string of [runner.opts]
};

// Throws LIMIT, "`what` is limited to LIMIT, got VALUE", when value > limit.
void check_limit(std::string_view what, uint64_t value, uint64_t limit);

}  // namespace carton::format
