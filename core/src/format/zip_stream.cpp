#include "format/zip_stream.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/strings.h"
#include "io/codecs.h"

namespace carton::format {
namespace {

constexpr uint64_t kChunk = 256 * kKiB;

// Counts and checks what leaves the decoder, before anybody sees it.
class Checked {
 public:
  Checked(const ZipEntry& entry, const ByteSink& sink) : entry_(entry), sink_(sink) {}

  void take(const std::byte* data, uint64_t size) {
    if (size > entry_.size - count_)
      throw mismatch(text("more than the ", entry_.size, " bytes that were announced"));
    count_ += size;
    crc_ = crc32(crc_, data, size);
    if (size != 0) sink_(data, size);
  }
  void finish() const {
    if (count_ != entry_.size) throw mismatch(text(count_, " bytes, ", entry_.size, " were announced"));
    if (crc_ != entry_.crc) throw mismatch("a wrong CRC");
  }
  Error mismatch(std::string_view what) const {
    return Error(Code::Integrity, text("its content has ", what),
                 "the file is damaged; fetch or pack it again");
  }

 private:
  const ZipEntry& entry_;
  const ByteSink& sink_;
  uint64_t count_ = 0;
  uint32_t crc_ = 0;
};

void stream_stored(const Source& source, const ZipEntry& entry, Checked& out) {
  std::vector<std::byte> buffer(std::min(entry.stored_size, kChunk));
  for (uint64_t done = 0; done < entry.stored_size;) {
    uint64_t length = std::min<uint64_t>(buffer.size(), entry.stored_size - done);
    source.read_at(entry.data_offset + done, buffer.data(), length);
    out.take(buffer.data(), length);
    done += length;
  }
}

bool is_zstd_magic(const std::byte* bytes, uint64_t size) {
  if (size < 4) return false;
  auto at = [&](int i) { return std::to_integer<uint32_t>(bytes[i]); };
  uint32_t magic = at(0) | at(1) << 8 | at(2) << 16 | at(3) << 24;
  return magic == 0xFD2FB528u || (magic & 0xFFFFFFF0u) == 0x184D2A50u;
}

// Bytes are left in the entry after the stream's own end.
Error trailing(const ZipEntry& entry, const std::byte* bytes, uint64_t size, const Checked& out) {
  if (entry.method == ZipMethod::Zstd && is_zstd_magic(bytes, size)) {
    return Error(Code::Unsupported, "it has more than one zstd frame");
  }
  return out.mismatch("bytes after the end of its compressed stream");
}

void stream_compressed(const Source& source, const ZipEntry& entry, Decompressor& decoder, Checked& out) {
  std::vector<std::byte> in(std::min(entry.stored_size, kChunk)), plain(kChunk);
  uint64_t done = 0;
  bool finished = false, progress = true;
  while (done < entry.stored_size && !finished) {
    uint64_t length = std::min<uint64_t>(in.size(), entry.stored_size - done);
    source.read_at(entry.data_offset + done, in.data(), length);
    done += length;
    bool more = true;  // the decoder may hold output back even with no input left
    for (uint64_t used = 0; more && !finished;) {
      auto step = decoder.step(in.data() + used, length - used, plain.data(), plain.size());
      used += step.consumed;
      finished = step.finished;
      progress = step.consumed != 0 || step.produced != 0;
      out.take(plain.data(), step.produced);
      if (finished && (used < length || done < entry.stored_size)) {
        throw trailing(entry, in.data() + used, length - used, out);
      }
      if (!progress && used < length) throw out.mismatch("a damaged compressed stream");
      more = used < length || step.produced == plain.size();
    }
  }
  if (!finished) throw out.mismatch("a compressed stream that is cut off");
}

}  // namespace

void stream_entry(const Source& source, const ZipEntry& entry, const Limits& limits, const ByteSink& sink) {
  Checked out(entry, sink);
  try {
    if (entry.method == ZipMethod::Stored) {
      stream_stored(source, entry, out);
    } else {
      auto decoder = entry.method == ZipMethod::Deflate ? make_inflate() : make_zstd(limits.zstd_window);
      stream_compressed(source, entry, *decoder, out);
    }
    out.finish();
  } catch (const Error& error) {
    throw error.within(quoted(entry.name));
  }
}

}  // namespace carton::format
