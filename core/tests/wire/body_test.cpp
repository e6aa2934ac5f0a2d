#include "wire/body.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "wire/layout.h"

namespace carton::wire {
namespace {

// A sender's arena and slot in ordinary memory.
struct Sender {
  std::vector<std::byte> memory = std::vector<std::byte>(1 << 20);
  shm::Arena arena{1 << 20};
  std::vector<std::byte> slot = std::vector<std::byte>(kInlineCapacity);

  std::vector<std::byte> send(const std::vector<Item>& items, std::vector<uint64_t>* blocks = nullptr) {
    Outbox outbox{arena, memory.data()};
    Encoded encoded = encode(77, items, slot.data(), outbox);
    if (blocks != nullptr) *blocks = encoded.blocks;
    const std::byte* begin = encoded.offset == kInline ? slot.data() : memory.data() + encoded.offset;
    return {begin, begin + encoded.size};
  }
  Inbox inbox() const { return {memory.data(), memory.size()}; }
};

Item numeric(std::string_view name, DType dtype, const Shape& shape, const std::vector<std::byte>& data) {
  return {name, dtype, shape.data(), static_cast<uint32_t>(shape.size()), data.data(), data.size(), nullptr};
}

Code code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return Code::Ok;
}

TEST(Body, RoundTripsSmallAndLargeTensorsAndStrings) {
  Sender sender;
  Shape small{3}, large{5000}, words{2};
  std::vector<std::byte> a(12, std::byte{5}), b(20'000, std::byte{6});
  std::vector<std::string> strings{"eins", std::string("z\0w", 3)};
  auto body = sender.send({numeric("a", DType::Float32, small, a),
                           numeric("b", DType::Int32, large, b),
                           {"s", DType::String, words.data(), 1, nullptr, 0, &strings}});
  Message message = decode(body.data(), body.size(), sender.inbox());
  EXPECT_EQ(message.request_id, 77u);
  ASSERT_EQ(message.tensors.size(), 3u);
  EXPECT_EQ(message.tensors[0].name, "a");
  EXPECT_EQ(message.tensors[0].shape, small);
  EXPECT_EQ(std::memcmp(message.tensors[0].inline_data, a.data(), a.size()), 0);
  EXPECT_EQ(message.tensors[1].nbytes, 20'000u);
  EXPECT_EQ(std::memcmp(sender.memory.data() + message.tensors[1].block, b.data(), b.size()), 0);
  EXPECT_EQ(message.tensors[2].strings, strings);
}

TEST(Body, InlineDataIsAligned) {
  Sender sender;
  Shape shape{1};
  std::vector<std::byte> data(8);
  auto body =
      sender.send({numeric("odd_name", DType::Int64, shape, data), numeric("x", DType::Int64, shape, data)});
  Message message = decode(body.data(), body.size(), sender.inbox());
  for (const auto& tensor : message.tensors) {
    EXPECT_EQ((tensor.inline_data - body.data()) % static_cast<long>(kDataAlign), 0);
  }
}

TEST(Body, AFullArenaIsALimitAndLeaksNoBlock) {
  Sender sender;
  Shape shape{600'000};
  std::vector<std::byte> data(600'000);
  auto both = [&] {
    sender.send({numeric("a", DType::UInt8, shape, data), numeric("b", DType::UInt8, shape, data)});
  };
  EXPECT_EQ(code_of(both), Code::Limit);
  EXPECT_EQ(sender.arena.in_use(), 0u);
}

TEST(Body, ErrorsArriveWithCodeMessageAndHint) {
  std::vector<std::byte> slot(kInlineCapacity);
  Encoded encoded = encode_error(5, Error(Code::ModelError, "boom \x1b[31mred", "mend it"), slot.data());
  Message message = decode(slot.data(), encoded.size, {nullptr, 0});
  ASSERT_TRUE(message.error.has_value());
  EXPECT_EQ(message.error->code(), Code::ModelError);
  EXPECT_EQ(message.error->message(), "boom red");
  EXPECT_EQ(message.error->hint(), "mend it");
}

TEST(Body, ALongErrorIsCutButKeepsItsHint) {
  std::vector<std::byte> slot(kInlineCapacity);
  Encoded encoded = encode_error(5, Error(Code::ModelError, std::string(100'000, 'm'), "hint"), slot.data());
  EXPECT_LE(encoded.size, kInlineCapacity);
  Message message = decode(slot.data(), encoded.size, {nullptr, 0});
  EXPECT_GT(message.error->message().size(), 3000u);
  EXPECT_EQ(message.error->hint(), "hint");
}

TEST(Body, AnErrorThatOnlyTheHostCanKnowOfIsIllegal) {
  std::vector<std::byte> slot(kInlineCapacity);
  for (Code code : {Code::Closed, Code::Forked, Code::RunnerCrashed, Code::RunnerTimeout, Code::NoRunner}) {
    Encoded encoded = encode_error(5, Error(code, "a lie"), slot.data());
    EXPECT_EQ(code_of([&] { decode(slot.data(), encoded.size, {nullptr, 0}); }), Code::RunnerProtocol);
  }
}

TEST(Body, EveryTruncationIsRefused) {
  Sender sender;
  Shape shape{4};
  std::vector<std::byte> data(16);
  std::vector<std::string> strings{"abc"};
  Shape one{1};
  auto body = sender.send(
      {numeric("x", DType::Float32, shape, data), {"s", DType::String, one.data(), 1, nullptr, 0, &strings}});
  for (size_t size = 0; size < body.size() - 8; ++size) {
    EXPECT_NE(code_of([&] { decode(body.data(), size, sender.inbox()); }), Code::Ok) << size;
  }
}

TEST(Body, RandomCorruptionNeverReadsOutOfBounds) {
  Sender sender;
  Shape shape{4}, large{3000};
  std::vector<std::byte> data(16), big(12'000);
  std::vector<std::string> strings{"abc", "", "ünï"};
  Shape three{3};
  auto body = sender.send({numeric("x", DType::Float32, shape, data),
                           numeric("y", DType::Float32, large, big),
                           {"s", DType::String, three.data(), 1, nullptr, 0, &strings}});
  std::mt19937 random(1);
  for (int i = 0; i < 200'000; ++i) {
    // An exact copy on the heap, so that a sanitizer sees one byte too far.
    std::vector<std::byte> bad(body);
    for (uint32_t flips = 1 + random() % 4; flips-- > 0;)
      bad[random() % bad.size()] = static_cast<std::byte>(random());
    code_of([&] {
      Message message = decode(bad.data(), bad.size(), sender.inbox());
      for (const auto& tensor : message.tensors) {
        if (tensor.block != kNoBlock) {
          ASSERT_LE(tensor.block + tensor.nbytes, sender.memory.size());
        }
      }
    });
  }
}

TEST(Body, RefusesEachKindOfLie) {
  Sender sender;
  Shape shape{4};
  std::vector<std::byte> data(16);
  const auto good = sender.send({numeric("x", DType::Float32, shape, data)});
  auto with = [&](size_t at, std::vector<uint8_t> bytes) {
    auto bad = good;
    for (size_t i = 0; i < bytes.size(); ++i) bad[at + i] = static_cast<std::byte>(bytes[i]);
    return code_of([&] { decode(bad.data(), bad.size(), sender.inbox()); });
  };
  EXPECT_EQ(with(0, {9}), Code::RunnerProtocol);                                        // kind
  EXPECT_EQ(with(4, {255, 255, 255, 255}), Code::Limit);                                // count
  EXPECT_EQ(with(16, {255, 255, 255, 255}), Code::Limit);                               // name size
  EXPECT_EQ(with(20, {99}), Code::RunnerProtocol);                                      // dtype
  EXPECT_EQ(with(21, {33}), Code::RunnerProtocol);                                      // rank
  EXPECT_EQ(with(22, {2}), Code::RunnerProtocol);                                       // place
  EXPECT_EQ(with(24, {17}), Code::RunnerProtocol);                                      // data size
  EXPECT_EQ(with(40, {255, 255, 255, 255, 255, 255, 255, 255}), Code::RunnerProtocol);  // dim -1
  EXPECT_EQ(with(40, {0, 0, 0, 0, 0, 0, 0, 64}), Code::RunnerProtocol);                 // product overflows
}

TEST(Body, SmallDataInABlockIsRefused) {
  Sender sender;
  Shape shape{300};
  std::vector<std::byte> data(1200);
  auto body = sender.send({numeric("x", DType::Float32, shape, data)});
  const std::byte none[8] = {};
  std::memcpy(body.data() + 24, none, 8);  // data size
  std::memcpy(body.data() + 40, none, 8);  // the dimension: an empty lease would overlap nothing
  EXPECT_EQ(code_of([&] { decode(body.data(), body.size(), sender.inbox()); }), Code::RunnerProtocol);
}

TEST(Body, StringsThatWouldFillTheMemoryAreALimitBeforeTheyAreRead) {
  // 1 GiB of empty strings costs its sender no memory, and its receiver many times its size.
  constexpr uint64_t kSize = uint64_t{1} << 30;
  Sender sender;
  Shape shape{300};
  std::vector<std::byte> data(1200);
  auto body = sender.send({numeric("x", DType::Float32, shape, data)});
  const uint64_t size = kSize, count = kSize / 4;
  body[20] = static_cast<std::byte>(DType::String);
  std::memcpy(body.data() + 24, &size, sizeof size);
  std::memcpy(body.data() + 40, &count, sizeof count);
  const Inbox untouched{nullptr, kSize};
  EXPECT_EQ(code_of([&] { decode(body.data(), body.size(), untouched); }), Code::Limit);
}

TEST(Body, TwoTensorsOfOneNameAreRefused) {
  Sender sender;
  Shape shape{1};
  std::vector<std::byte> data(4);
  auto body =
      sender.send({numeric("x", DType::Float32, shape, data), numeric("x", DType::Float32, shape, data)});
  EXPECT_EQ(code_of([&] { decode(body.data(), body.size(), sender.inbox()); }), Code::RunnerProtocol);
}

}  // namespace
}  // namespace carton::wire
