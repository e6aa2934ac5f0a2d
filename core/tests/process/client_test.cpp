// The transport end to end, through the noop runner: whatever goes in comes out.
#include "runner/client.h"

#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "model/model.h"
#include "runner/launch.h"

namespace carton {
namespace {

std::shared_ptr<RunnerClient> start_noop(uint64_t capacity = 64 << 20) {
  LaunchSpec spec;
  spec.program = CARTON_NOOP_RUNNER;
  ClientOptions options;
  options.name = "`noop 1.0.0`";
  options.region_capacity = capacity;
  options.log = [](int32_t, const char*, const std::string&) {};
  auto client = RunnerClient::create(launch(spec), std::move(options));
  client->handshake(deadline_after_ms(10'000));
  client->load(nlohmann::json::object(), deadline_after_ms(10'000));
  return client;
}

Tensor filled(DType dtype, Shape shape, uint8_t seed) {
  Tensor tensor = Tensor::allocate(dtype, std::move(shape));
  for (uint64_t i = 0; i < tensor.nbytes(); ++i) tensor.data[i] = static_cast<std::byte>(seed + i * 31);
  return tensor;
}

NamedTensors infer(RunnerClient& client, NamedTensors inputs) {
  auto call = client.start(std::move(inputs), deadline_after_ms(20'000));
  while (!call->wait(shm::kForever)) {
  }
  return call->take();
}

void expect_equal(const Tensor& got, const Tensor& want) {
  EXPECT_EQ(got.dtype, want.dtype);
  EXPECT_EQ(got.shape, want.shape);
  if (want.dtype == DType::String) {
    EXPECT_EQ(*got.strings, *want.strings);
  } else {
    ASSERT_EQ(got.nbytes(), want.nbytes());
    EXPECT_EQ(std::memcmp(got.data, want.data, want.nbytes()), 0);
  }
}

TEST(Transport, ReturnsEveryDtypeAndRankUnchanged) {
  auto client = start_noop();
  for (int32_t number = 0; number < kDTypeCount; ++number) {
    auto dtype = static_cast<DType>(number);
    if (dtype == DType::String || dtype == DType::Nested) continue;
    for (const Shape& shape :
         {Shape{}, Shape{0}, Shape{3}, Shape{2, 0, 5}, Shape{4, 5, 6}, Shape{1, 1, 1, 1, 1, 7}}) {
      Tensor want = filled(dtype, shape, static_cast<uint8_t>(number));
      auto outputs = infer(*client, {{"x", want}});
      ASSERT_EQ(outputs.size(), 1u);
      EXPECT_EQ(outputs[0].first, "x");
      expect_equal(outputs[0].second, want);
    }
  }
}

TEST(Transport, ReturnsStringsOfEveryKind) {
  auto client = start_noop();
  std::string with_nul("a\0b", 3), megabyte(1 << 20, 'x');
  Tensor want =
      Tensor::of_strings({2, 3}, {"", "ascii", with_nul, "\xF0\x9F\x90\xA7 \xE6\xBC\xA2", megabyte, "end"});
  auto outputs = infer(*client, {{"text", want}, {"scalar", Tensor::of_strings({}, {"one"})}});
  ASSERT_EQ(outputs.size(), 2u);
  expect_equal(outputs[0].second, want);
  EXPECT_EQ((*outputs[1].second.strings)[0], "one");
}

TEST(Transport, CrossesFromInlineToArenaSizesWithoutASeam) {
  auto client = start_noop();
  for (int64_t size : {1, 1023, 1024, 1025, 4000, 4096, 4097, 100'000, 5'000'000}) {
    Tensor want = filled(DType::UInt8, {size}, 7);
    expect_equal(infer(*client, {{"x", want}})[0].second, want);
  }
}

TEST(Transport, CarriesManyInputsInOneRequest) {
  auto client = start_noop();
  NamedTensors inputs;
  for (int i = 0; i < 500; ++i)
    inputs.emplace_back("input_" + std::to_string(i), filled(DType::Int64, {i % 9}, static_cast<uint8_t>(i)));
  auto outputs = infer(*client, inputs);
  ASSERT_EQ(outputs.size(), inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_EQ(outputs[i].first, inputs[i].first);
    expect_equal(outputs[i].second, inputs[i].second);
  }
}

TEST(Transport, NoInputsGiveNoOutputs) {
  auto client = start_noop();
  EXPECT_TRUE(infer(*client, {}).empty());
}

TEST(Transport, OutputsStayValidAfterTheModelIsClosed) {
  auto client = start_noop();
  Tensor want = filled(DType::Float64, {100'000}, 3);
  auto outputs = infer(*client, {{"x", want}});
  client->close();
  client.reset();
  expect_equal(outputs[0].second, want);
  outputs[0].second.data[0] = std::byte{1};  // the caller's own to write to
}

TEST(Transport, HeldOutputsAreNotOverwrittenByLaterCalls) {
  auto client = start_noop();
  std::vector<std::pair<Tensor, Tensor>> held;
  for (int i = 0; i < 20; ++i) {
    Tensor want = filled(DType::UInt8, {20'000 + i}, static_cast<uint8_t>(i * 13));
    held.emplace_back(infer(*client, {{"x", want}})[0].second, want);
  }
  for (auto& [got, want] : held) expect_equal(got, want);
}

TEST(Transport, BlocksAreReusedForEver) {
  auto client = start_noop(8 << 20);
  std::vector<Tensor> wanted;
  for (int i = 0; i < 7; ++i)
    wanted.push_back(filled(DType::UInt8, {1'000'000 + i}, static_cast<uint8_t>(i)));
  for (size_t i = 0; i < 2000; ++i) {
    const Tensor& want = wanted[i % wanted.size()];
    auto outputs = infer(*client, {{"x", want}});
    ASSERT_EQ(outputs[0].second.data[999'999], want.data[999'999]);
  }
}

TEST(Transport, ARequestTooLargeForTheRegionIsALimitAndTheModelLivesOn) {
  auto client = start_noop(8 << 20);
  try {
    infer(*client, {{"x", filled(DType::UInt8, {9 << 20}, 1)}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::Limit);
    EXPECT_NE(error.hint().find("region_capacity"), std::string::npos);
  }
  Tensor want = filled(DType::UInt8, {1000}, 1);
  expect_equal(infer(*client, {{"x", want}})[0].second, want);
}

TEST(Transport, ManyThreadsEachGetTheirOwnAnswer) {
  auto client = start_noop();
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        Tensor want =
            filled(DType::UInt8, {1 + (t * 977 + i * 131) % 3000}, static_cast<uint8_t>(t * 37 + i));
        Tensor got = infer(*client, {{"x", want}})[0].second;
        if (got.shape != want.shape || std::memcmp(got.data, want.data, want.nbytes()) != 0) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Transport, MoreCallsThanSlotsQueueInTheHost) {
  auto client = start_noop();
  std::vector<std::shared_ptr<Call>> calls;
  for (int i = 0; i < 1000; ++i) {
    calls.push_back(
        client->start({{"x", filled(DType::Int32, {i % 50}, static_cast<uint8_t>(i))}}, shm::kForever));
  }
  for (int i = 0; i < 1000; ++i) {
    while (!calls[static_cast<size_t>(i)]->wait(shm::kForever)) {
    }
    EXPECT_EQ(calls[static_cast<size_t>(i)]->take()[0].second.shape, Shape{i % 50});
  }
}

TEST(Transport, CallsMayBeWaitedForInAnyOrder) {
  auto client = start_noop();
  std::vector<std::shared_ptr<Call>> calls;
  for (int i = 0; i < 300; ++i) {
    calls.push_back(client->start({{"x", filled(DType::Int32, {i % 50}, static_cast<uint8_t>(i))}},
                                  deadline_after_ms(20'000)));
  }
  for (size_t i = calls.size(); i-- > 0;) {  // nobody takes the answers that the later ones queue behind
    while (!calls[i]->wait(shm::kForever)) {
    }
    EXPECT_EQ(calls[i]->take()[0].second.shape, Shape{static_cast<int64_t>(i % 50)});
  }
}

TEST(Transport, AQueuedCallThatIsOnlyPolledGetsItsTurn) {
  auto client = start_noop();
  std::vector<std::shared_ptr<Call>> calls;
  for (int i = 0; i < 200; ++i)
    calls.push_back(client->start({{"x", filled(DType::Int32, {3}, 1)}}, shm::kForever));
  int64_t stop = deadline_after_ms(20'000);
  while (!calls.back()->wait(0)) ASSERT_LT(shm::now_ns(), stop);
  EXPECT_EQ(calls.back()->take().size(), 1u);
}

TEST(Transport, RoomIsFoundAgainAfterMoreOutputsWereFreedThanTheRingOfReturnsHolds) {
  auto client = start_noop(64 << 20);
  std::vector<NamedTensors> held;
  for (int i = 0; i < 5000; ++i) held.push_back(infer(*client, {{"x", filled(DType::UInt8, {8000}, 1)}}));
  held.clear();
  Tensor large = filled(DType::UInt8, {24 << 20}, 1);
  bool answered = false;
  for (int i = 0; i < 3 && !answered; ++i) {
    try {
      answered = infer(*client, {{"x", large}}).size() == 1;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::Limit) << error.message();
    }
  }
  EXPECT_TRUE(answered);
}

TEST(Transport, CancellingSomeCallsLeavesTheOthersAndTheModelUsable) {
  auto client = start_noop();
  std::vector<std::shared_ptr<Call>> calls;
  for (int i = 0; i < 300; ++i)
    calls.push_back(client->start({{"x", filled(DType::Int32, {4}, 1)}}, shm::kForever));
  for (size_t i = 0; i < calls.size(); i += 2) calls[i]->cancel();
  for (size_t i = 0; i < calls.size(); ++i) {
    while (!calls[i]->wait(shm::kForever)) {
    }
    if (i % 2 == 1) {
      EXPECT_EQ(calls[i]->take().size(), 1u);
    }
  }
  calls.clear();
  EXPECT_EQ(infer(*client, {{"x", filled(DType::Int8, {1}, 1)}}).size(), 1u);
}

TEST(Transport, CloseEndsCallsInFlightWithClosed) {
  auto client = start_noop();
  auto call = client->start({{"x", filled(DType::Int32, {4}, 1)}}, shm::kForever);
  client->close();
  while (!call->wait(shm::kForever)) {
  }
  try {
    call->take();  // either it was answered before the close, or it says so
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::Closed);
  }
}

}  // namespace
}  // namespace carton
