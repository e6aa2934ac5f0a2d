// make_inflate and crc32, by zlib.
#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/strings.h"
#include "io/codecs.h"

namespace carton {
namespace {

constexpr uint64_t kMaxChunk = std::numeric_limits<uInt>::max();

class Inflate : public Decompressor {
 public:
  Inflate() {
    // Negative window bits: a raw deflate stream, without zlib's header.
    if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw Error(Code::NoMemory, "cannot start inflate");
  }
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;
  ~Inflate() override { inflateEnd(&stream_); }

  Step step(const std::byte* in, uint64_t in_size, std::byte* out, uint64_t out_size) override {
    uInt in_chunk = static_cast<uInt>(std::min(in_size, kMaxChunk));
    uInt out_chunk = static_cast<uInt>(std::min(out_size, kMaxChunk));
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in));
    stream_.avail_in = in_chunk;
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = out_chunk;
    int status = inflate(&stream_, Z_NO_FLUSH);
    // Z_BUF_ERROR: no progress was possible with these buffers; the caller sees it from the counts.
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) throw failure(status);
    return {in_chunk - stream_.avail_in, out_chunk - stream_.avail_out, status == Z_STREAM_END};
  }

 private:
  Error failure(int status) const {
    if (status == Z_MEM_ERROR) return Error(Code::NoMemory, "inflate ran out of memory");
    return Error(Code::Integrity,
                 text("damaged deflate stream: ", stream_.msg != nullptr ? stream_.msg : "invalid data"));
  }

  z_stream stream_{};
};

}  // namespace

std::unique_ptr<Decompressor> make_inflate() { return std::make_unique<Inflate>(); }

uint32_t crc32(uint32_t crc, const std::byte* data, uint64_t size) {
  return static_cast<uint32_t>(::crc32_z(crc, reinterpret_cast<const Bytef*>(data), size));
}

}  // namespace carton
