#include <carton/carton.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "support.h"

namespace {

using carton::Code;
using carton::Tensor;
using carton::TensorMap;
using carton::testing::expect_error;

static_assert(!std::is_copy_constructible_v<TensorMap> && std::is_nothrow_move_assignable_v<TensorMap>);

class TensorMapTest : public carton::testing::NoLeaks {};

TEST_F(TensorMapTest, keeps_insertion_order_and_replaces_equal_names) {
  TensorMap map{{"z", Tensor::scalar(1)}, {"a", Tensor::scalar(2)}};
  map.set("z", Tensor::text("new"));
  EXPECT_EQ(map.names(), (std::vector<std::string>{"z", "a"}));
  EXPECT_EQ(map["z"].item<std::string>(), "new");
  EXPECT_EQ(map.size(), 2u);
}

TEST_F(TensorMapTest, absent_name_is_an_error_that_lists_what_there_is) {
  const TensorMap map{{"doubled", Tensor::scalar(1)}, {"string", Tensor::text("")}};
  EXPECT_FALSE(map.contains("dubled"));
  expect_error(Code::Invalid, "no tensor is named `dubled`\nhint: it holds `doubled`, `string`",
               [&] { map["dubled"]; });
  expect_error(Code::Invalid, "the map is empty", [] { TensorMap().at("x"); });
}

TEST_F(TensorMapTest, tensors_outlive_the_map) {
  std::optional<Tensor> kept;
  {
    const TensorMap map{{"a", Tensor::of({1, 2, 3})}};
    kept = map.at("a");
  }
  EXPECT_EQ(kept->to_vector<int>(), (std::vector<int>{1, 2, 3}));
}

TEST_F(TensorMapTest, range_for_visits_every_tensor_in_order) {
  const TensorMap map{{"a", Tensor::scalar(1)}, {"b", Tensor::scalar(2)}};
  std::string seen;
  for (const auto& [name, tensor] : map) seen += name + std::to_string(tensor.item<int>()) + " ";
  EXPECT_EQ(seen, "a1 b2 ");
  for (const auto& item : TensorMap()) FAIL() << item.first;
}

TEST_F(TensorMapTest, same_tensor_may_have_two_names) {
  const Tensor tensor = Tensor::of({1.0f});
  TensorMap map;
  map.set("a", tensor);
  map.set("b", tensor);
  EXPECT_EQ(map["a"].data(), map["b"].data());
}

}  // namespace
