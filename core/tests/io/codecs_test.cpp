#include "io/codecs.h"

#include <gtest/gtest.h>

#include "support/compress.h"
#include "support/expect_code.h"

namespace carton {
namespace {

const std::byte* bytes_of(const std::string& text) { return reinterpret_cast<const std::byte*>(text.data()); }

// Feeds `in_piece` bytes at a time and takes at most `out_piece`.
std::string decode(Decompressor& decoder, const std::string& in, size_t in_piece, size_t out_piece,
                   bool* finished) {
  std::string out, piece(out_piece, '\0');
  size_t used = 0;
  *finished = false;
  for (int idle = 0; !*finished && idle < 3;) {
    size_t size = std::min(in_piece, in.size() - used);
    auto step =
        decoder.step(bytes_of(in) + used, size, reinterpret_cast<std::byte*>(piece.data()), piece.size());
    used += step.consumed;
    out.append(piece, 0, step.produced);
    *finished = step.finished;
    idle = step.consumed == 0 && step.produced == 0 ? idle + 1 : 0;
  }
  return out;
}

std::string sample() {
  std::string out;
  for (int i = 0; i < 20000; ++i) out += std::to_string(i * 7919 % 1000);
  return out;
}

TEST(Codecs, give_back_the_plain_bytes_whatever_the_piece_sizes) {
  std::string plain = sample();
  for (size_t in_piece : {1u, 7u, 4096u, 1u << 20}) {
    for (size_t out_piece : {1u, 13u, 65536u}) {
      bool finished = false;
      EXPECT_EQ(decode(*make_inflate(), test::deflated(plain), in_piece, out_piece, &finished), plain);
      EXPECT_TRUE(finished);
      EXPECT_EQ(decode(*make_zstd(1 << 27), test::zstd_compressed(plain), in_piece, out_piece, &finished),
                plain);
      EXPECT_TRUE(finished);
    }
  }
}

TEST(Codecs, a_truncated_stream_never_finishes) {
  std::string deflate = test::deflated("some text, some text"),
              zstd = test::zstd_compressed("some text, some text");
  bool finished = true;
  for (size_t cut = 0; cut < deflate.size(); ++cut) {
    decode(*make_inflate(), deflate.substr(0, cut), 64, 64, &finished);
    EXPECT_FALSE(finished) << cut;
  }
  for (size_t cut = 0; cut < zstd.size(); ++cut) {
    decode(*make_zstd(1 << 20), zstd.substr(0, cut), 64, 64, &finished);
    EXPECT_FALSE(finished) << cut;
  }
}

TEST(Codecs, garbage_is_an_integrity_error) {
  bool finished;
  EXPECT_CODE(Code::Integrity, "deflate", decode(*make_inflate(), "\xff\xff\xff\xff", 4, 64, &finished));
  EXPECT_CODE(Code::Integrity, "zstd", decode(*make_zstd(1 << 20), "garbage!", 8, 64, &finished));
  std::string zstd = test::zstd_compressed(sample());
  zstd[zstd.size() / 2] ^= 0x55;
  zstd[zstd.size() / 2 + 1] ^= 0x55;
  EXPECT_CODE(
      Code::Integrity, "zstd",
      decode(*make_zstd(1 << 27), zstd.substr(0, 30) + std::string(3000, '\xee'), 4096, 65536, &finished));
}

TEST(Zstd, a_window_beyond_the_cap_is_a_limit_error) {
  // No content size, window descriptor 0xA8: 2^31 bytes.
  std::string frame = std::string("\x28\xb5\x2f\xfd\x00\xa8", 6) + std::string("\x01\x00\x00", 3);
  bool finished;
  EXPECT_CODE(Code::Limit, "window", decode(*make_zstd(1 << 27), frame, 64, 64, &finished));
}

TEST(Zstd, dictionaries_and_skippable_frames_are_unsupported) {
  bool finished;
  std::string dictionary("\x28\xb5\x2f\xfd\x01\x48\x07\x01\x00\x00", 10);
  EXPECT_CODE(Code::Unsupported, "dictionary", decode(*make_zstd(1 << 27), dictionary, 1, 64, &finished));
  std::string skippable("\x50\x2a\x4d\x18\x00\x00\x00\x00", 8);
  EXPECT_CODE(Code::Unsupported, "skippable", decode(*make_zstd(1 << 27), skippable, 3, 64, &finished));
}

TEST(Sha256, matches_published_values) {
  EXPECT_EQ(sha256_hex(nullptr, 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  std::string abc = "abc";
  EXPECT_EQ(sha256_hex(bytes_of(abc), 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Crc32, matches_the_check_value_in_any_pieces) {
  std::string digits = "123456789";
  EXPECT_EQ(crc32(0, bytes_of(digits), 9), 0xCBF43926u);
  EXPECT_EQ(crc32(crc32(0, bytes_of(digits), 4), bytes_of(digits) + 4, 5), 0xCBF43926u);
}

}  // namespace
}  // namespace carton
