#include "format/zip_stream.h"

#include "support/expect_code.h"
#include "support/memory_source.h"
#include "support/zip_builder.h"

namespace carton::format {
namespace {

using test::item;
using test::ZipItem;

std::string content(const ZipItem& one, const Limits& limits = {}) {
  MemorySource source(test::build_zip({one}));
  ZipIndex index = ZipIndex::read(source, limits);
  std::string out;
  stream_entry(source, index.files.at(0), limits, [&](const std::byte* data, uint64_t size) {
    out.append(reinterpret_cast<const char*>(data), size);
  });
  return out;
}

void announce(ZipItem& one, uint64_t size) { one.central.size = one.local.size = size; }
void set_data(ZipItem& one, const std::string& data) {
  one.data = data;
  one.central.stored_size = one.local.stored_size = data.size();
}

std::string sample(size_t size) {
  std::string out;
  for (size_t i = 0; out.size() < size; ++i) out += std::to_string(i * 7919 % 100003);
  return out;
}

TEST(StreamEntry, gives_the_plain_bytes_of_every_method_and_size) {
  for (int method : {0, 8, 93}) {
    for (size_t size : {0u, 1u, 262143u, 262144u, 262145u, 3000000u}) {
      std::string plain = size == 0 ? "" : sample(size);
      EXPECT_EQ(content(item("a", plain, method)), plain) << method << " " << size;
    }
  }
}

TEST(StreamEntry, a_wrong_crc_is_an_integrity_error) {
  for (int method : {0, 8, 93}) {
    ZipItem one = item("a", "text", method);
    one.central.crc = one.local.crc = 1;
    EXPECT_CODE(Code::Integrity, "`a`: its content has a wrong CRC", content(one));
  }
}

TEST(StreamEntry, another_size_than_announced_is_an_integrity_error) {
  for (int method : {8, 93}) {
    ZipItem more = item("a", std::string(1 << 20, 'x'), method);
    announce(more, 10);
    EXPECT_CODE(Code::Integrity, "more than the 10 bytes", content(more));
    ZipItem fewer = item("a", "four", method);
    announce(fewer, uint64_t{1} << 31);
    EXPECT_CODE(Code::Integrity, "4 bytes, 2147483648 were announced", content(fewer));
  }
}

TEST(StreamEntry, cut_and_trailing_streams_are_integrity_errors) {
  for (int method : {8, 93}) {
    ZipItem cut = item("a", sample(1000), method);
    set_data(cut, cut.data.substr(0, cut.data.size() - 3));
    EXPECT_CODE(Code::Integrity, "`a`: ", content(cut));
    ZipItem trailing = item("a", sample(1000), method);
    set_data(trailing, trailing.data + "junk");
    EXPECT_CODE(Code::Integrity, "after the end", content(trailing));
    ZipItem empty = item("a", "", method);
    set_data(empty, "");
    EXPECT_CODE(Code::Integrity, "cut off", content(empty));
  }
}

TEST(StreamEntry, many_zstd_frames_are_unsupported) {
  ZipItem one = item("a", "text", 93);
  announce(one, 8);
  set_data(one, one.data + one.data);
  EXPECT_CODE(Code::Unsupported, "more than one zstd frame", content(one));
}

TEST(StreamEntry, a_bomb_of_honest_size_is_only_as_big_as_it_says) {
  ZipItem bomb = item("a", std::string(64 << 20, '\0'), 8);
  EXPECT_LT(bomb.data.size(), 70000u);
  EXPECT_EQ(content(bomb).size(), uint64_t{64} << 20);
  Limits limits;
  limits.unpacked_bytes = 1 << 20;
  EXPECT_CODE(Code::Limit, "unpacked", content(bomb, limits));
}

}  // namespace
}  // namespace carton::format
