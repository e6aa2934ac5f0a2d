// make_zstd, by libzstd.
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "base/strings.h"
#include "io/codecs.h"

namespace carton {
namespace {

class Zstd : public Decompressor {
 public:
  explicit Zstd(uint64_t max_window) : max_window_(max_window), context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw Error(Code::NoMemory, "cannot start zstd");
    int log = std::clamp(static_cast<int>(std::bit_width(max_window)) - 1, 10, 31);
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, log);
  }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;
  ~Zstd() override { ZSTD_freeDCtx(context_); }

  Step step(const std::byte* in, uint64_t in_size, std::byte* out, uint64_t out_size) override {
    check_header(in, in_size);
    ZSTD_inBuffer input{in, in_size, 0};
    ZSTD_outBuffer output{out, out_size, 0};
    size_t left = ZSTD_decompressStream(context_, &output, &input);
    if (ZSTD_isError(left)) throw failure(left);
    return {input.pos, output.pos, left == 0};
  }

 private:
  // libzstd skips skippable frames silently and looks for dictionaries: both are refused here, from
  // the first bytes, before it sees them.
  void check_header(const std::byte* in, uint64_t in_size) {
    uint64_t take = std::min<uint64_t>(sizeof(header_) - header_size_, in_size);
    if (take == 0) return;
    std::memcpy(header_ + header_size_, in, take);
    header_size_ += take;
    if (header_size_ >= 4) check_magic();
    if (header_size_ >= 5 && (header_[4] & 3u) != 0) {
      throw Error(Code::Unsupported, "zstd frame needs a dictionary; a carton cannot hold one");
    }
  }

  void check_magic() const {
    uint32_t magic =
        header_[0] | header_[1] << 8 | header_[2] << 16 | static_cast<uint32_t>(header_[3]) << 24;
    if ((magic & 0xFFFFFFF0u) == 0x184D2A50u) throw Error(Code::Unsupported, "zstd skippable frame");
    if (magic != 0xFD2FB528u) throw Error(Code::Integrity, "damaged zstd stream: it has no frame header");
  }

  Error failure(size_t status) const {
    switch (ZSTD_getErrorCode(status)) {
      case ZSTD_error_frameParameter_windowTooLarge:
        return Error(Code::Limit,
                     text("zstd windows are limited to ", max_window_, " bytes; this frame needs more"));
      case ZSTD_error_memory_allocation:
        return Error(Code::NoMemory, "zstd ran out of memory");
      default:
        return Error(Code::Integrity, text("damaged zstd stream: ", ZSTD_getErrorName(status)));
    }
  }

  uint64_t max_window_;
  ZSTD_DCtx* context_;
  uint8_t header_[5] = {};
  uint64_t header_size_ = 0;
};

}  // namespace

std::unique_ptr<Decompressor> make_zstd(uint64_t max_window) { return std::make_unique<Zstd>(max_window); }

}  // namespace carton
