#include "wire/body.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/checked.h"
#include "base/strings.h"
#include "wire/layout.h"

namespace carton::wire {
namespace {

struct Header {
  uint32_t kind;
  uint32_t count;  // tensors; or the code of an error
  uint64_t request_id;
};

struct Entry {
  uint32_t name_size;
  uint8_t dtype;
  uint8_t rank;
  uint8_t in_arena;
  uint8_t reserved;
  uint64_t data_size;
  uint64_t data_offset;  // arena offset, or 0 when the data follows in the body
};

constexpr uint64_t align_up(uint64_t value, uint64_t align) { return (value + align - 1) / align * align; }

uint64_t strings_size(const std::vector<std::string>& strings) {
  uint64_t size = 0;
  for (const auto& s : strings) size += sizeof(uint32_t) + s.size();
  return size;
}

uint64_t data_size(const Item& item) {
  return item.strings != nullptr ? strings_size(*item.strings) : item.nbytes;
}

void write_strings(std::byte* out, const std::vector<std::string>& strings) {
  for (const auto& s : strings) {
    if (s.size() > UINT32_MAX) throw Error(Code::Limit, "a string is longer than 4 GiB");
    auto length = static_cast<uint32_t>(s.size());
    std::memcpy(out, &length, sizeof length);
    std::memcpy(out + sizeof length, s.data(), s.size());
    out += sizeof length + s.size();
  }
}

void write_data(std::byte* out, const Item& item, uint64_t size) {
  if (item.strings != nullptr) {
    write_strings(out, *item.strings);
  } else if (size != 0) {
    std::memcpy(out, item.data, size);
  }
}

// Where the parts of one entry lie in the body.
struct Layout {
  uint64_t dims, name, data, end;
};

Layout layout_of(uint64_t begin, uint64_t rank, uint64_t name_size, uint64_t inline_size) {
  Layout at{};
  at.dims = begin + sizeof(Entry);
  at.name = at.dims + rank * sizeof(int64_t);
  at.data = align_up(at.name + name_size, inline_size == 0 ? 8 : kDataAlign);
  at.end = align_up(at.data + inline_size, 8);
  return at;
}

class Blocks {
 public:
  explicit Blocks(const Outbox& outbox) : outbox_(outbox) {}
  ~Blocks() {
    if (taken_.empty()) return;
    auto lock = guard();
    for (uint64_t offset : taken_) outbox_.arena.release(offset);
  }
  uint64_t take(uint64_t size) {
    auto lock = guard();
    auto offset = outbox_.arena.allocate(size);
    if (!offset) {
      throw Error(Code::Limit,
                  text("no room for ", size, " bytes in shared memory; ", outbox_.arena.in_use(),
                       " bytes are in use by other tensors"),
                  "raise region_capacity when loading the model, or free outputs that are no longer needed");
    }
    taken_.push_back(*offset);
    return *offset;
  }
  std::vector<uint64_t> keep() { return std::exchange(taken_, {}); }

 private:
  std::unique_lock<std::mutex> guard() {
    return outbox_.mutex == nullptr ? std::unique_lock<std::mutex>() : std::unique_lock(*outbox_.mutex);
  }

  const Outbox& outbox_;
  std::vector<uint64_t> taken_;
};

uint64_t measure(const std::vector<Item>& items) {
  uint64_t size = sizeof(Header);
  for (const auto& item : items) {
    uint64_t bytes = data_size(item);
    size = layout_of(size, item.rank, item.name.size(), bytes <= kInlineTensor ? bytes : 0).end;
  }
  return size;
}

uint64_t write_entry(std::byte* body, uint64_t at, const Item& item, Blocks& blocks, const Outbox& outbox) {
  uint64_t bytes = data_size(item);
  bool in_arena = bytes > kInlineTensor;
  Entry entry{};
  entry.name_size = static_cast<uint32_t>(item.name.size());
  entry.dtype = static_cast<uint8_t>(item.dtype);
  entry.rank = static_cast<uint8_t>(item.rank);
  entry.in_arena = in_arena;
  entry.data_size = bytes;
  Layout layout = layout_of(at, item.rank, item.name.size(), in_arena ? 0 : bytes);
  if (in_arena) {
    entry.data_offset = item.block != kNoBlock ? item.block : blocks.take(bytes);
    if (item.block == kNoBlock) write_data(outbox.base + entry.data_offset, item, bytes);
  } else {
    write_data(body + layout.data, item, bytes);
  }
  std::memcpy(body + at, &entry, sizeof entry);
  if (item.rank != 0) std::memcpy(body + layout.dims, item.dims, item.rank * sizeof(int64_t));
  std::memcpy(body + layout.name, item.name.data(), item.name.size());
  return layout.end;
}

[[noreturn]] void illegal(const std::string& what) {
  throw Error(Code::RunnerProtocol, "illegal message: " + what);
}

Shape read_shape(const std::byte* dims, uint32_t rank) {
  Shape shape(rank);
  if (rank != 0) std::memcpy(shape.data(), dims, rank * sizeof(int64_t));
  return shape;
}

// `room` is what the message's strings may still take. Several tensors may name the same bytes.
void take_room(uint64_t size, uint64_t count, uint64_t* room) {
  constexpr uint64_t kEach = 64;
  if (size > *room || count > (*room - size) / kEach) {
    throw Error(Code::Limit, text("the strings of a message take more than ", kMaxStrings, " bytes"),
                "use fewer strings in one call");
  }
  *room -= size + count * kEach;
}

std::vector<std::string> read_strings(const std::byte* data, uint64_t size, uint64_t count) {
  std::vector<std::string> strings;
  strings.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t length = 0;
    if (size < sizeof length) illegal("string data ends early");
    std::memcpy(&length, data, sizeof length);
    data += sizeof length;
    size -= sizeof length;
    if (length > size) illegal("a string exceeds its data");
    strings.emplace_back(reinterpret_cast<const char*>(data), length);
    if (!is_utf8(strings.back())) illegal("a string is not UTF-8");
    data += length;
    size -= length;
  }
  if (size != 0) illegal("bytes are left over after the last string");
  return strings;
}

// The extent of an entry's data: within the body's rest, or within the arena.
void check_extent(const Entry& entry, uint64_t data_begin, uint64_t body_size, const Inbox& inbox) {
  if (entry.in_arena == 0) {
    if (!in_range(data_begin, entry.data_size, body_size)) illegal("tensor data exceeds the message");
    return;
  }
  if (entry.data_offset % kBlockAlign != 0) illegal("a block is not aligned");
  if (!in_range(entry.data_offset, entry.data_size, inbox.capacity)) illegal("a block exceeds the region");
  // Also keeps leases from being empty, which would overlap nothing.
  if (entry.data_size <= kInlineTensor) illegal("a block for data that belongs into the message");
}

void read_data(Received& tensor, const Entry& entry, const std::byte* in_body, const Inbox& inbox,
               uint64_t* room) {
  if (tensor.dtype == DType::String) {
    if (tensor.count > entry.data_size / sizeof(uint32_t)) illegal("more strings than bytes to hold them");
    take_room(entry.data_size, tensor.count, room);
    if (entry.in_arena == 0) {
      tensor.strings = read_strings(in_body, entry.data_size, tensor.count);
    } else {
      std::vector<std::byte> copy(inbox.base + entry.data_offset,
                                  inbox.base + entry.data_offset + entry.data_size);
      tensor.strings = read_strings(copy.data(), copy.size(), tensor.count);
      tensor.block = entry.data_offset;
    }
    return;
  }
  tensor.nbytes = tensor.count * dtype_size(tensor.dtype);
  if (tensor.nbytes != entry.data_size) {
    illegal(text("a ", dtype_name(tensor.dtype), " tensor of shape ", shape_text(tensor.shape), " with ",
                 entry.data_size, " bytes"));
  }
  if (entry.in_arena == 0) {
    tensor.inline_data = in_body;
  } else {
    tensor.block = entry.data_offset;
  }
}

// Reads the entry at `*at` and moves `*at` behind it.
Received read_entry(const std::byte* body, uint64_t size, uint64_t* at, const Inbox& inbox, uint64_t* room,
                    const Touch& touch) {
  Entry entry{};
  if (!in_range(*at, sizeof entry, size)) illegal("an entry exceeds the message");
  std::memcpy(&entry, body + *at, sizeof entry);
  auto dtype = dtype_from_number(entry.dtype);
  if (!dtype || *dtype == DType::Nested) illegal(text("unknown dtype ", entry.dtype));
  if (entry.rank > kMaxRank) illegal(text("rank ", entry.rank));
  if (entry.name_size > kMaxName) throw Error(Code::Limit, text("a name of ", entry.name_size, " bytes"));
  if (entry.in_arena > 1) illegal("unknown place of data");
  uint64_t inline_size = entry.in_arena == 0 ? entry.data_size : 0;
  if (inline_size > size) illegal("tensor data exceeds the message");
  Layout layout = layout_of(*at, entry.rank, entry.name_size, inline_size);
  if (layout.data > size) illegal("an entry exceeds the message");
  check_extent(entry, layout.data, size, inbox);
  if (entry.in_arena != 0 && touch) touch(entry.data_offset, entry.data_size);

  Received tensor;
  tensor.name = std::string_view(reinterpret_cast<const char*>(body + layout.name), entry.name_size);
  if (!is_utf8(tensor.name)) illegal("a name is not UTF-8");
  tensor.dtype = *dtype;
  tensor.shape = read_shape(body + layout.dims, entry.rank);
  auto count = element_count(tensor.shape, dtype_size(*dtype));
  if (!count) illegal("shape " + shape_text(tensor.shape));
  tensor.count = *count;
  read_data(tensor, entry, body + layout.data, inbox, room);
  *at = layout.end;
  return tensor;
}

void check_names_differ(const std::vector<Received>& tensors) {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const auto& tensor : tensors) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) illegal("the name " + quoted(*twice) + " comes twice");
}

Error read_error(const Header& header, const std::byte* body, uint64_t size) {
  uint64_t at = sizeof(Header);
  auto next = [&]() -> std::string {
    uint32_t length = 0;
    if (!in_range(at, sizeof length, size)) illegal("an error ends early");
    std::memcpy(&length, body + at, sizeof length);
    at += sizeof length;
    if (!in_range(at, length, size)) illegal("an error's text exceeds the message");
    std::string out(reinterpret_cast<const char*>(body + at), std::min<uint64_t>(length, kMaxErrorText));
    at += length;
    return printable(out);
  };
  auto code = static_cast<int32_t>(header.count);
  if (!is_runner_code(code)) illegal(text("error code ", code));
  std::string message = next();
  std::string hint = next();
  return Error(static_cast<Code>(code), message, hint);
}

}  // namespace

Encoded encode(uint64_t request_id, const std::vector<Item>& items, std::byte* inline_body,
               const Outbox& outbox) {
  uint64_t size = measure(items);
  if (size > kMaxBody) throw Error(Code::Limit, text("a message of ", size, " bytes; at most ", kMaxBody));
  Blocks blocks(outbox);
  Encoded out;
  out.size = size;
  out.offset = size <= kInlineCapacity ? kInline : blocks.take(size);
  std::byte* body = out.offset == kInline ? inline_body : outbox.base + out.offset;
  Header header{static_cast<uint32_t>(Kind::Tensors), static_cast<uint32_t>(items.size()), request_id};
  std::memcpy(body, &header, sizeof header);
  uint64_t at = sizeof header;
  for (const auto& item : items) at = write_entry(body, at, item, blocks, outbox);
  out.blocks = blocks.keep();
  return out;
}

Encoded encode_error(uint64_t request_id, const Error& error, std::byte* inline_body) {
  Header header{static_cast<uint32_t>(Kind::Error), static_cast<uint32_t>(error.code()), request_id};
  std::memcpy(inline_body, &header, sizeof header);
  uint64_t at = sizeof header;
  uint64_t room = kInlineCapacity - at - 2 * sizeof(uint32_t);
  for (const std::string* part : {&error.message(), &error.hint()}) {
    // The hint may take a quarter; a message is cut rather than a hint lost.
    uint64_t limit =
        part == &error.message() ? room - std::min<uint64_t>(error.hint().size(), room / 4) : room;
    auto length = static_cast<uint32_t>(std::min<uint64_t>(part->size(), limit));
    std::memcpy(inline_body + at, &length, sizeof length);
    std::memcpy(inline_body + at + sizeof length, part->data(), length);
    at += sizeof length + length;
    room -= length;
  }
  Encoded out;
  out.offset = kInline;
  out.size = at;
  return out;
}

Message decode(const std::byte* body, uint64_t size, const Inbox& inbox, const Touch& touch) {
  Header header{};
  if (size < sizeof header) illegal("shorter than its header");
  std::memcpy(&header, body, sizeof header);
  Message message;
  message.request_id = header.request_id;
  if (header.kind == static_cast<uint32_t>(Kind::Error)) {
    message.error = read_error(header, body, size);
    return message;
  }
  if (header.kind != static_cast<uint32_t>(Kind::Tensors)) illegal(text("unknown kind ", header.kind));
  if (header.count > kMaxTensors) throw Error(Code::Limit, text(header.count, " tensors in one message"));
  uint64_t at = sizeof header, room = kMaxStrings;
  message.tensors.reserve(std::min<uint64_t>(header.count, size / sizeof(Entry)));
  for (uint32_t i = 0; i < header.count; ++i)
    message.tensors.push_back(read_entry(body, size, &at, inbox, &room, touch));
  if (message.tensors.size() > 1) check_names_differ(message.tensors);
  return message;
}

}  // namespace carton::wire
