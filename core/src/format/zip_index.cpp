#include "format/zip_index.h"

#include <algorithm>
#include <unordered_set>

#include "base/checked.h"
#include "base/error.h"
#include "base/strings.h"
#include "format/zip_end.h"
#include "format/zip_links.h"
#include "io/codecs.h"

namespace carton::format {
namespace {

std::string read(const Source& source, uint64_t offset, uint64_t length) {
  std::string out(length, '\0');
  source.read_at(offset, reinterpret_cast<std::byte*>(out.data()), length);
  return out;
}

std::vector<ZipRecord> read_directory(const Source& source, const ZipDirectory& directory,
                                      const Limits& limits) {
  std::string bytes = read(source, directory.offset, directory.size);
  ByteReader in(bytes, "the zip's central directory");
  std::vector<ZipRecord> records;
  records.reserve(directory.entries);
  uint64_t unpacked = 0;
  for (uint64_t i = 0; i < directory.entries; ++i) {
    records.push_back(parse_central_record(in, limits));
    if (add_overflows(unpacked, records.back().size, &unpacked)) unpacked = UINT64_MAX;
    check_limit("the size of all files unpacked, in bytes,", unpacked, limits.unpacked_bytes);
  }
  if (in.left() != 0) {
    throw Error(Code::Format,
                text("the zip's central directory holds more than its ", directory.entries, " entries"));
  }
  return records;
}

std::string_view without_slash(std::string_view name) {
  if (!name.empty() && name.back() == '/') name.remove_suffix(1);
  return name;
}

// No name twice, nothing below something that is not a folder.
void check_names(const std::vector<ZipRecord>& records) {
  std::unordered_set<std::string_view> names, leaves;
  for (const ZipRecord& record : records) {
    std::string_view name = without_slash(record.name);
    if (!names.insert(name).second)
      throw Error(Code::Format, text("zip entry ", quoted(name), " comes twice"));
    if (record.kind != ZipKind::Directory) leaves.insert(name);
  }
  for (const ZipRecord& record : records) {
    std::string_view name = without_slash(record.name);
    for (size_t slash = name.rfind('/'); slash != std::string_view::npos; slash = name.rfind('/')) {
      name = name.substr(0, slash);
      if (leaves.count(name) == 0) continue;
      throw Error(Code::Format,
                  text("zip entry ", quoted(record.name), " lies below ", quoted(name), ", which is a file"));
    }
  }
}

// Walks over the file in order of offsets; each entry must begin where the one before ended.
class Layout {
 public:
  Layout(const Source& source, const Limits& limits) : source_(source), limits_(limits) {}

  // Checks the entry and returns the offset of its data. `next` is where what follows it begins.
  uint64_t place(const ZipRecord& record, uint64_t next) {
    if (record.local_offset != position_) throw misplaced(record);
    if (!in_range(record.local_offset, kLocalHeaderSize + record.name.size(), next)) throw overlap(record);
    uint64_t header_size = check_header(record, next);
    uint64_t data = record.local_offset + header_size;
    if (!in_range(data, record.stored_size, next)) throw overlap(record);
    uint64_t end = data + record.stored_size;
    constexpr uint64_t kLongestDescriptor = 24;
    uint64_t left = next - end;
    if (left > kLongestDescriptor) {
      throw Error(Code::Format,
                  text(left, " bytes after zip entry ", quoted(record.name), " belong to nothing"));
    }
    check_descriptor(read(source_, end, left), record);
    position_ = next;
    return data;
  }

 private:
  uint64_t check_header(const ZipRecord& record, uint64_t next) {
    // Most extra fields fit this first read.
    constexpr uint64_t kGuess = 128;
    uint64_t least = kLocalHeaderSize + record.name.size();
    uint64_t room = next - record.local_offset;
    std::string bytes = read(source_, record.local_offset, std::min(room, least + kGuess));
    LocalLengths lengths = local_lengths(bytes, record.name);
    uint64_t size = kLocalHeaderSize + lengths.name + lengths.extra;
    if (size > room) throw overlap(record);
    extra_bytes_ += lengths.extra;
    check_limit("the size of all local extra fields, in bytes,", extra_bytes_, limits_.extra_bytes);
    if (size > bytes.size()) bytes = read(source_, record.local_offset, size);
    check_local_header(std::string_view(bytes).substr(0, size), record, limits_);
    return size;
  }

  Error misplaced(const ZipRecord& record) const {
    return Error(Code::Format,
                 text("zip entry ", quoted(record.name), " begins at offset ", record.local_offset,
                      ", expected ", position_, ", the end of what comes before it"));
  }
  static Error overlap(const ZipRecord& record) {
    return Error(Code::Format, text("zip entry ", quoted(record.name), " runs into what follows it"));
  }

  const Source& source_;
  const Limits& limits_;
  uint64_t position_ = 0, extra_bytes_ = 0;
};

// The data offset of each record, as if they were in the order of `records`.
std::vector<uint64_t> check_layout(const Source& source, const std::vector<ZipRecord>& records,
                                   uint64_t directory_offset, const Limits& limits) {
  std::vector<size_t> order(records.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return records[a].local_offset < records[b].local_offset; });
  std::vector<uint64_t> offsets(records.size());
  Layout layout(source, limits);
  for (size_t i = 0; i < order.size(); ++i) {
    uint64_t next = i + 1 < order.size() ? records[order[i + 1]].local_offset : directory_offset;
    offsets[order[i]] = layout.place(records[order[i]], std::min(next, directory_offset));
  }
  if (records.empty() && directory_offset != 0) {
    throw Error(Code::Format, text("the zip has ", directory_offset, " bytes and no entries"));
  }
  return offsets;
}

std::string read_link_target(const Source& source, const ZipRecord& record, uint64_t offset,
                             const Limits& limits) {
  check_limit(text("the length of the target of link ", quoted(record.name), ", in bytes,"), record.size,
              limits.path_bytes);
  if (record.method != ZipMethod::Stored) {
    throw Error(Code::Format, text("symbolic link ", quoted(record.name), " must be stored, not compressed"));
  }
  std::string target = read(source, offset, record.size);
  if (crc32(0, reinterpret_cast<const std::byte*>(target.data()), target.size()) != record.crc) {
    throw Error(Code::Integrity, text("the CRC of symbolic link ", quoted(record.name), " is wrong"));
  }
  return target;
}

bool by_name(const ZipEntry& a, const ZipEntry& b) { return a.name < b.name; }

// Copies count as files of their own: they are read and hashed as such.
void check_unpacked(const std::vector<ZipEntry>& files, const Limits& limits) {
  uint64_t total = 0;
  for (const ZipEntry& file : files) {
    if (add_overflows(total, file.size, &total)) total = UINT64_MAX;
    check_limit("the size of all files unpacked, in bytes,", total, limits.unpacked_bytes);
  }
}

}  // namespace

ZipIndex ZipIndex::read(const Source& source, const Limits& limits) {
  ZipDirectory directory = read_zip_end(source, limits);
  std::vector<ZipRecord> records = read_directory(source, directory, limits);
  check_names(records);
  std::vector<uint64_t> offsets = check_layout(source, records, directory.offset, limits);

  ZipIndex index;
  std::vector<ZipLink> links;
  for (size_t i = 0; i < records.size(); ++i) {
    ZipRecord& record = records[i];
    if (record.kind == ZipKind::Link) {
      links.push_back({record.name, read_link_target(source, record, offsets[i], limits)});
    } else if (record.kind == ZipKind::File) {
      index.files.push_back(
          {std::move(record.name), record.method, record.crc, record.size, record.stored_size, offsets[i]});
    }
  }
  std::vector<ZipEntry> copies = resolve_zip_links(links, index.files);
  index.files.insert(index.files.end(), copies.begin(), copies.end());
  std::sort(index.files.begin(), index.files.end(), by_name);
  check_unpacked(index.files, limits);
  return index;
}

const ZipEntry* ZipIndex::find(std::string_view name) const {
  auto at = std::lower_bound(files.begin(), files.end(), name,
                             [](const ZipEntry& entry, std::string_view n) { return entry.name < n; });
  return at != files.end() && at->name == name ? &*at : nullptr;
}

}  // namespace carton::format
