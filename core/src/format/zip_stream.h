// The plain content of a zip entry, piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "format/limits.h"
#include "format/zip_index.h"
#include "io/source.h"

namespace carton::format {

using ByteSink = std::function<void(const std::byte* data, uint64_t size)>;

// Passes `entry.size` bytes to `sink`. Throws INTEGRITY as soon as the stream gives more, at its end
// when it gave fewer or the CRC is wrong; LIMIT and UNSUPPORTED as the codecs do. Memory use does not
// depend on any size in the file (zstd: the window, up to its limit).
void stream_entry(const Source& source, const ZipEntry& entry, const Limits& limits, const ByteSink& sink);

}  // namespace carton::format
