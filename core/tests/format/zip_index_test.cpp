#include "format/zip_index.h"

#include "support/expect_code.h"
#include "support/memory_source.h"
#include "support/zip_builder.h"

namespace carton::format {
namespace {

using test::build_zip;
using test::directory_item;
using test::EndFields;
using test::extra_field;
using test::item;
using test::link_item;
using test::u16;
using test::u32;
using test::u64;
using test::ZipItem;

ZipIndex index_of(const std::string& bytes, const Limits& limits = {}) {
  return ZipIndex::read(MemorySource(bytes), limits);
}

// A zip of a good entry and one that `change` has spoiled.
std::string zip_with(const std::function<void(ZipItem&)>& change, int method = 0) {
  std::vector<ZipItem> items = {item("first", "1"), item("second", "two two two two", method),
                                item("third", "3")};
  change(items[1]);
  return build_zip(items);
}

void both(ZipItem& one, const std::function<void(test::HeaderFields&)>& change) {
  change(one.central);
  change(one.local);
}

std::string zip_named(const std::string& name) {
  return zip_with([&](ZipItem& one) { both(one, [&](auto& header) { header.name = name; }); });
}

TEST(ZipIndex, lists_files_of_every_method_sorted_with_their_data) {
  std::string bytes =
      build_zip({item("b", "bee"), item("a/x", "deflated", 8), item("c", "zstd", 93), directory_item("a/")});
  ZipIndex index = index_of(bytes);
  ASSERT_EQ(index.files.size(), 3u);
  EXPECT_EQ(index.files[0].name, "a/x");
  EXPECT_EQ(index.files[0].method, ZipMethod::Deflate);
  EXPECT_EQ(bytes.substr(index.find("b")->data_offset, 3), "bee");
  EXPECT_EQ(index.find("a"), nullptr);
  EXPECT_TRUE(index_of(build_zip({})).files.empty());
}

TEST(ZipIndex, hostile_names_are_refused) {
  for (const char* name : {"../x", "/tmp/x", "..\\x", "C:\\x", "a:b", ".", "a//b", "..", "a/./b", "a\nb",
                           "\xff\xfe", "\xc0\xaf", "\xed\xa0\x80"}) {
    EXPECT_CODE(Code::Format, "file name", index_of(zip_named(name)));
  }
  EXPECT_CODE(Code::Format, "control byte", index_of(zip_named(std::string("a\0b", 3))));
  EXPECT_CODE(Code::Format, "is empty", index_of(zip_named("")));
  EXPECT_CODE(Code::Format, "", index_of(zip_named("/")));
}

TEST(ZipIndex, long_names_are_limits) {
  EXPECT_CODE(Code::Limit, "1024", index_of(zip_named(std::string(1025, 'a'))));
  EXPECT_CODE(Code::Limit, "1024", index_of(zip_named(std::string(65535, 'a'))));
  std::string deep = "a";
  for (int i = 0; i < 32; ++i) deep += "/a";
  EXPECT_CODE(Code::Limit, "32", index_of(zip_named(deep)));
}

TEST(ZipIndex, names_are_unique_and_files_have_nothing_below_them) {
  EXPECT_CODE(Code::Format, "comes twice", index_of(zip_named("first")));
  EXPECT_CODE(Code::Format, "below `first`", index_of(zip_named("first/x")));
  EXPECT_CODE(Code::Format, "comes twice", index_of(build_zip({item("a", ""), directory_item("a/")})));
  EXPECT_CODE(Code::Format, "below `d/l`",
              index_of(build_zip({item("d/f", ""), link_item("d/l", "f"), item("d/l/x", "")})));
  EXPECT_NO_THROW(index_of(build_zip({item("README", ""), item("readme", "")})));
}

TEST(ZipIndex, kinds) {
  for (uint64_t mode : {0020644u, 0060644u, 0010644u, 0140644u}) {
    EXPECT_CODE(Code::Format, "device, fifo or socket",
                index_of(zip_with([&](ZipItem& one) { one.central.mode = mode; })));
  }
  EXPECT_NO_THROW(index_of(zip_with([](ZipItem& one) { one.central.mode = 0104755; })));  // setuid: ignored
  EXPECT_NO_THROW(index_of(zip_with([](ZipItem& one) { one.central.mode = 0; })));
  EXPECT_CODE(Code::Format, "folder", index_of(zip_with([](ZipItem& one) { one.central.mode = 0040755; })));
  EXPECT_CODE(Code::Format, "folder with data", index_of(zip_with([](ZipItem& one) {
                one.central.mode = 0040755;
                both(one, [](auto& header) { header.name = "dir/"; });
              })));
  EXPECT_CODE(Code::Format, "marked as a file", index_of(zip_named("dir/")));
}

TEST(ZipLinks, good_relative_links_are_copies_chains_included) {
  std::string bytes = build_zip(
      {item("model/a", "content"), link_item("model/sub/l1", "../a"), link_item("l2", "model/sub/l1")});
  ZipIndex index = index_of(bytes);
  ASSERT_EQ(index.files.size(), 3u);
  EXPECT_EQ(index.find("l2")->data_offset, index.find("model/a")->data_offset);
  EXPECT_EQ(index.find("l2")->size, 7u);
}

TEST(ZipLinks, others_are_refused) {
  auto link = [](const std::string& target) {
    return build_zip({item("model/a", ""), directory_item("model/d/"), link_item("model/l", target)});
  };
  EXPECT_CODE(Code::Format, "absolute", index_of(link("/etc/passwd")));
  EXPECT_CODE(Code::Format, "leaves the carton", index_of(link("../../x")));
  EXPECT_CODE(Code::Format, "does not lead to a file", index_of(link("missing")));
  EXPECT_CODE(Code::Format, "does not lead to a file", index_of(link("d")));
  EXPECT_CODE(Code::Format, "does not lead to a file", index_of(link("../model")));
  EXPECT_CODE(Code::Format, "loops", index_of(link("l")));
  EXPECT_CODE(Code::Format, "loops", index_of(build_zip({link_item("a", "b"), link_item("b", "a")})));
  EXPECT_CODE(Code::Format, "no target", index_of(link("")));
  EXPECT_CODE(Code::Limit, "length of the target", index_of(link(std::string(2000, 'a'))));
}

TEST(ZipLinks, a_compressed_or_damaged_target_is_refused) {
  ZipItem compressed = item("l", "a", 8);
  compressed.central.mode = 0120777;
  EXPECT_CODE(Code::Format, "must be stored", index_of(build_zip({item("a", ""), compressed})));
  ZipItem damaged = link_item("l", "a");
  damaged.data = "b";
  EXPECT_CODE(Code::Integrity, "CRC", index_of(build_zip({item("a", ""), item("b", ""), damaged})));
}

TEST(ZipLayout, every_byte_belongs_to_something) {
  EXPECT_CODE(Code::Format, "bytes after",
              index_of(zip_with([](ZipItem& one) { one.before = std::string(100, 'x'); })));
  EXPECT_CODE(Code::Format, "belong to nothing", index_of(zip_with([](ZipItem& one) { one.after = "x"; })));
  EXPECT_CODE(Code::Format, "begins at offset 4, expected 0", index_of(build_zip([] {
                ZipItem one = item("a", "");
                one.before = "junk";
                return std::vector<ZipItem>{one};
              }())));
  EXPECT_CODE(Code::Format, "bytes after",
              index_of(zip_with([](ZipItem& one) { one.in_directory = false; })));
  EXPECT_CODE(Code::Format, "", index_of(zip_with([](ZipItem& one) { one.in_file = false; })));
  EXPECT_CODE(Code::Format, "", index_of(zip_with([](ZipItem& one) { one.central.offset = 0; })));
  EXPECT_CODE(Code::Format, "", index_of(zip_with([](ZipItem& one) { one.central.offset = 1; })));
  EXPECT_CODE(Code::Format, "", index_of(zip_with([](ZipItem& one) { one.central.offset = 1u << 30; })));
}

TEST(ZipLayout, two_entries_on_the_same_bytes_are_refused) {
  ZipItem copy = item("b", "x");
  copy.in_file = false;
  copy.central.offset = 0;
  EXPECT_CODE(Code::Format, "", index_of(build_zip({item("a", "x"), copy})));
}

TEST(ZipLayout, stored_sizes_past_the_end_are_refused) {
  for (uint64_t size : {16ull, 1000ull, 0xFFFFFFFEull}) {
    EXPECT_CODE(Code::Format, "", index_of(zip_with([&](ZipItem& one) {
                  both(one, [&](auto& header) { header.size = header.stored_size = size; });
                })));
  }
}

TEST(ZipHeaders, local_and_central_must_agree) {
  EXPECT_CODE(Code::Format, "another name",
              index_of(zip_with([](ZipItem& one) { one.local.name = "secone"; })));
  EXPECT_CODE(Code::Format, "another name",
              index_of(zip_with([](ZipItem& one) { one.local.name = "longer name"; })));
  EXPECT_CODE(Code::Format, "CRC", index_of(zip_with([](ZipItem& one) { one.local.crc ^= 1; })));
  EXPECT_CODE(Code::Format, "size", index_of(zip_with([](ZipItem& one) { one.local.size += 1; })));
  EXPECT_CODE(Code::Format, "stored size",
              index_of(zip_with([](ZipItem& one) { one.local.stored_size += 1; })));
  EXPECT_CODE(Code::Format, "method differs", index_of(zip_with([](ZipItem& one) { one.local.method = 8; })));
  EXPECT_CODE(Code::Format, "flags differ",
              index_of(zip_with([](ZipItem& one) { one.local.flags = 0x800; })));
  EXPECT_CODE(Code::Format, "stored, but",
              index_of(zip_with([](ZipItem& one) { one.central.size = one.local.size = 3; })));
}

TEST(ZipHeaders, methods_flags_and_versions_that_are_not_read_are_unsupported) {
  for (uint64_t method : {1u, 9u, 12u, 14u, 95u, 98u, 99u}) {
    EXPECT_CODE(
        Code::Unsupported, "compression method",
        index_of(zip_with([&](ZipItem& one) { both(one, [&](auto& header) { header.method = method; }); })));
  }
  for (uint64_t flag : {0x0001u, 0x0010u, 0x0020u, 0x0040u, 0x0080u, 0x1000u, 0x2000u, 0x8000u}) {
    EXPECT_CODE(Code::Unsupported, "", index_of(zip_with([&](ZipItem& one) { one.central.flags = flag; })));
    EXPECT_CODE(Code::Unsupported, "", index_of(zip_with([&](ZipItem& one) { one.local.flags = flag; })));
  }
  EXPECT_CODE(Code::Unsupported, "zip version",
              index_of(zip_with([](ZipItem& one) { one.central.version = 64; })));
  EXPECT_CODE(Code::Unsupported, "another disk",
              index_of(zip_with([](ZipItem& one) { one.central.disk = 1; })));
}

TEST(ZipExtra, padding_and_common_fields_are_taken) {
  for (const std::string& extra :
       {extra_field(0xD935, u16(64) + std::string(40, '\0')), extra_field(0x4246, "ZZZZ"),
        extra_field(0x5455, "12345"), extra_field(0x7875, std::string(11, 'u')),
        extra_field(0x000A, std::string(32, 'n')),
        extra_field(0xD935, u16(4096) + std::string(4000, '\0'))}) {
    EXPECT_NO_THROW(index_of(zip_with([&](ZipItem& one) { one.local.extra = extra; })));
    EXPECT_NO_THROW(index_of(zip_with([&](ZipItem& one) { one.central.extra = extra; })));
  }
}

TEST(ZipExtra, fields_that_lie_are_refused) {
  auto with_extra = [](const std::string& extra) {
    return zip_with([&](ZipItem& one) { one.local.extra = extra; });
  };
  EXPECT_CODE(Code::Format, "cut off", index_of(with_extra("abc")));
  EXPECT_CODE(Code::Format, "cut off", index_of(with_extra(u16(0x5455) + u16(100) + "x")));
  EXPECT_CODE(Code::Format, "padding is not zero",
              index_of(with_extra(extra_field(0xD935, u16(64) + "secret"))));
  EXPECT_CODE(Code::Format, "another name",
              index_of(with_extra(extra_field(0x7075, "\x01" + u32(0) + "evil"))));
  EXPECT_CODE(Code::Unsupported, "0x9901", index_of(with_extra(extra_field(0x9901, "1234567"))));
  EXPECT_CODE(Code::Unsupported, "0xbeef", index_of(with_extra(extra_field(0xbeef, ""))));
  std::string chain;
  for (int i = 0; i < 64; ++i) chain += extra_field(0x5455, "");
  EXPECT_CODE(Code::Limit, "number of extra fields", index_of(with_extra(chain)));
  Limits limits;
  limits.extra_bytes = 100;
  EXPECT_CODE(Code::Limit, "local extra fields",
              index_of(with_extra(extra_field(0xD935, std::string(200, '\0'))), limits));
}

TEST(Zip64, sizes_in_the_extra_field_are_read) {
  std::string sizes = u64(15) + u64(15);
  EXPECT_EQ(index_of(zip_with([&](ZipItem& one) {
              one.local.size = one.local.stored_size = 0xFFFFFFFF;
              one.local.extra = extra_field(1, sizes);
            }))
                .find("second")
                ->size,
            15u);
  EXPECT_NO_THROW(index_of(zip_with([&](ZipItem& one) {
    both(one, [&](auto& header) {
      header.size = header.stored_size = 0xFFFFFFFF;
      header.extra = extra_field(1, sizes);
    });
  })));
  EXPECT_EQ(index_of(build_zip([&] {
              ZipItem one = item("a", "x");
              one.central.offset = 0xFFFFFFFF;
              one.central.extra = extra_field(1, u64(0));
              return std::vector<ZipItem>{one};
            }()))
                .files.size(),
            1u);
}

TEST(Zip64, extra_fields_that_do_not_fit_the_header_are_refused) {
  auto central = [](uint64_t marker, const std::string& extra) {
    return zip_with([&](ZipItem& one) {
      if (marker != 0) one.central.size = one.central.stored_size = marker;
      one.central.extra = extra;
    });
  };
  EXPECT_CODE(Code::Format, "no zip64 extra field", index_of(central(0xFFFFFFFF, "")));
  EXPECT_CODE(Code::Format, "cut off", index_of(central(0xFFFFFFFF, extra_field(1, u64(15)))));
  EXPECT_CODE(Code::Format, "longer than",
              index_of(central(0xFFFFFFFF, extra_field(1, u64(15) + u64(15) + u64(0)))));
  EXPECT_CODE(Code::Format, "longer than", index_of(central(0, extra_field(1, u64(15)))));
  std::string twice = extra_field(1, u64(15) + u64(15));
  EXPECT_CODE(Code::Format, "two zip64", index_of(central(0xFFFFFFFF, twice + twice)));
  for (uint64_t size : {uint64_t{1} << 63, UINT64_MAX, UINT64_MAX - 30}) {
    EXPECT_CODE(Code::Format, "2^63", index_of(central(0xFFFFFFFF, extra_field(1, u64(size) + u64(size)))));
  }
  EXPECT_CODE(Code::Format, "must hold both sizes", index_of(zip_with([](ZipItem& one) {
                one.local.size = 0xFFFFFFFF;
                one.local.extra = extra_field(1, u64(15));
              })));
}

TEST(DataDescriptor, all_four_forms_are_taken) {
  for (bool signature : {false, true}) {
    for (bool wide : {false, true}) {
      auto number = [&](uint64_t value) { return wide ? u64(value) : u32(value); };
      EXPECT_NO_THROW(index_of(zip_with([&](ZipItem& one) {
        one.central.flags = one.local.flags = 8;
        one.local.crc = 0;
        one.local.size = one.local.stored_size = 0;
        one.after = (signature ? "PK\x07\x08" : "") + u32(one.central.crc) + number(15) + number(15);
      })));
    }
  }
}

TEST(DataDescriptor, one_that_lies_or_is_missing_is_refused) {
  auto with_descriptor = [](const std::function<std::string(uint64_t crc)>& after) {
    return zip_with([&](ZipItem& one) {
      one.central.flags = one.local.flags = 8;
      one.after = after(one.central.crc);
    });
  };
  EXPECT_CODE(Code::Format, "12, 16, 20 or 24",
              index_of(with_descriptor([](uint64_t) { return std::string(); })));
  EXPECT_CODE(Code::Format, "disagrees",
              index_of(with_descriptor([](uint64_t crc) { return u32(crc ^ 1) + u32(15) + u32(15); })));
  EXPECT_CODE(Code::Format, "disagrees",
              index_of(with_descriptor([](uint64_t crc) { return u32(crc) + u32(14) + u32(15); })));
  EXPECT_CODE(Code::Format, "disagrees",
              index_of(with_descriptor([](uint64_t crc) { return "XXXX" + u32(crc) + u32(15) + u32(15); })));
  EXPECT_CODE(Code::Format, "CRC", index_of(zip_with([](ZipItem& one) {
                one.central.flags = one.local.flags = 8;
                one.local.crc ^= 1;
                one.after = u32(one.central.crc) + u32(15) + u32(15);
              })));
}

std::string with_end(const EndFields& end) { return build_zip({item("a", "x"), item("b", "y")}, end); }

TEST(ZipEnd, zip64_records_are_read) {
  EndFields end;
  end.zip64 = true;
  EXPECT_EQ(index_of(with_end(end)).files.size(), 2u);
  end.entries = end.disk_entries = 2;
  EXPECT_EQ(index_of(with_end(end)).files.size(), 2u);
}

TEST(ZipEnd, records_that_lie_are_refused) {
  const std::pair<std::function<void(EndFields&)>, const char*> cases[] = {
      {[](EndFields& e) { e.entries = e.disk_entries = 1; }, "more than its 1 entries"},
      {[](EndFields& e) { e.entries = e.disk_entries = 3; }, "cannot hold 3 entries"},
      {[](EndFields& e) { e.entries = 1; }, "two different entry counts"},
      {[](EndFields& e) { e.entries = e.disk_entries = 65535; }, "cannot hold"},
      {[](EndFields& e) { e.size = 1; }, "central directory should end"},
      {[](EndFields& e) { e.offset = 1; }, "central directory should end"},
      {[](EndFields& e) { e.offset = 0xFFFFFFFF; }, "central directory should end"},
      {[](EndFields& e) { e.comment = "hello"; }, "5 bytes after it"},
      {[](EndFields& e) { e.trailing = "x"; }, "1 bytes after it"},
      {[](EndFields& e) { e.comment_size = 3; }, "comment"},
      {[](EndFields& e) { e.zip64 = true, e.locator_offset = 0; }, "locator points to offset 0"},
      {[](EndFields& e) { e.zip64 = true, e.record_size64 = 45; }, "45 bytes"},
      {[](EndFields& e) { e.zip64 = true, e.entries = 1; }, "says entries 1, its zip64 record 2"},
      {[](EndFields& e) { e.zip64 = true, e.size = 5; }, "directory size 5"},
      {[](EndFields& e) { e.zip64 = true, e.offset64 = UINT64_MAX; }, "central directory should end"},
      {[](EndFields& e) { e.zip64 = true, e.size64 = 10; }, "central directory should end"},
  };
  for (const auto& [change, fragment] : cases) {
    EndFields end;
    change(end);
    EXPECT_CODE(Code::Format, fragment, index_of(with_end(end)));
  }
}

TEST(ZipEnd, several_disks_are_unsupported) {
  EndFields end;
  end.disk = 1;
  EXPECT_CODE(Code::Unsupported, "disks", index_of(with_end(end)));
  end = {};
  end.zip64 = true;
  end.disks = 2;
  EXPECT_CODE(Code::Unsupported, "disks", index_of(with_end(end)));
}

TEST(ZipEnd, huge_counts_are_limits_before_anything_is_read) {
  EndFields end;
  end.zip64 = true;
  end.entries64 = uint64_t{1} << 40;
  EXPECT_CODE(Code::Limit, "number of zip entries is limited to 100000", index_of(with_end(end)));
  Limits limits;
  limits.entries = 1;
  EXPECT_CODE(Code::Limit, "zip entries", index_of(with_end({}), limits));
  limits = {};
  limits.directory_bytes = 50;
  EXPECT_CODE(Code::Limit, "central directory", index_of(with_end({}), limits));
  limits = {};
  limits.unpacked_bytes = 1;
  EXPECT_CODE(Code::Limit, "unpacked", index_of(with_end({}), limits));
}

TEST(ZipEnd, files_that_are_no_zip_say_so) {
  EXPECT_CODE(Code::Format, "the file is empty", index_of(""));
  EXPECT_CODE(Code::Format, "not a carton", index_of(std::string(21, 'x')));
  EXPECT_CODE(Code::Format, "not a carton",
              index_of("\x7f"
                       "ELF" +
                       std::string(100, 'x')));
  std::string good = with_end({});
  EXPECT_CODE(Code::Format, "cut off", index_of(good.substr(0, good.size() - 30)));
  EXPECT_CODE(Code::Format, "", index_of(good + good));
}

std::string seed() {
  ZipItem padded = item("model/weights", std::string(300, 'w'));
  padded.local.extra = extra_field(0xD935, u16(64) + std::string(20, '\0'));
  ZipItem streamed = item("model/streamed", "some text", 8);
  streamed.central.flags = streamed.local.flags = 8;
  streamed.after = "PK\x07\x08" + u32(streamed.central.crc) + u32(streamed.data.size()) + u32(9);
  EndFields end;
  end.zip64 = true;
  return build_zip({item("carton.toml", "x = 1", 93), padded, streamed, directory_item("d/")}, end);
}

std::string summary(const ZipIndex& index) {
  std::string out;
  for (const ZipEntry& file : index.files) {
    out += text(file.name, ' ', static_cast<int>(file.method), ' ', file.crc, ' ', file.size, ' ',
                file.stored_size, ' ', file.data_offset, '\n');
  }
  return out;
}

TEST(ZipSweep, no_prefix_of_a_good_zip_is_accepted) {
  std::string good = seed();
  ASSERT_EQ(index_of(good).files.size(), 3u);
  for (size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_CODE(Code::Format, "", index_of(good.substr(0, cut)));
  }
}

// No links here: one bit tells a link from a file, whose hash is then wrong (see carton_file_test).
TEST(ZipSweep, no_flipped_bit_gives_the_zip_another_meaning) {
  std::string good = seed(), meaning = summary(index_of(good));
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string flipped = good;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    try {
      EXPECT_EQ(summary(index_of(flipped)), meaning) << "bit " << bit;
    } catch (const Error& error) {
      EXPECT_NE(error.code(), Code::Internal) << error.message();
    }
  }
}

}  // namespace
}  // namespace carton::format
