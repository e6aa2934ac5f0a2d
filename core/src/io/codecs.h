// The three things the format layer needs from outside: inflate, zstd and sha256. Each is one small
// interface, so that a build without zlib, libzstd and OpenSSL (WebAssembly) can bring its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace carton {

// Feeds compressed bytes in, takes plain bytes out, in pieces of any size. Never allocates in
// proportion to anything that the stream declares (zstd windows are capped by `max_window`).
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  struct Step {
    uint64_t consumed = 0, produced = 0;
    bool finished = false;  // the stream ended; further input would be trailing bytes
  };
  // Throws INTEGRITY for a damaged stream, LIMIT for a window beyond the cap, UNSUPPORTED for zstd
  // dictionaries and skippable frames.
  virtual Step step(const std::byte* in, uint64_t in_size, std::byte* out, uint64_t out_size) = 0;
};

std::unique_ptr<Decompressor> make_inflate();                  // raw deflate (RFC 1951)
std::unique_ptr<Decompressor> make_zstd(uint64_t max_window);  // one zstd frame (RFC 8878)

class Sha256 {
 public:
  virtual ~Sha256() = default;
  virtual void update(const std::byte* data, uint64_t size) = 0;
  virtual std::array<std::byte, 32> finish() = 0;
};

std::unique_ptr<Sha256> make_sha256();

std::string to_hex(const std::array<std::byte, 32>& digest);  // lower case
std::string sha256_hex(const std::byte* data, uint64_t size);
uint32_t crc32(uint32_t crc, const std::byte* data, uint64_t size);  // zip's CRC-32; start with 0

}  // namespace carton
