// Values in and out: dtypes, shapes, strings, and what cannot be passed.
#include <algorithm>

#include "fixture.h"

namespace carton::torchscript {
namespace {

std::string bytes_of(const TestInput& input) {
  return {reinterpret_cast<const char*>(input.bytes.data()), input.bytes.size()};
}

std::string bytes_of(const TestOutput& output) {
  return {reinterpret_cast<const char*>(output.bytes.data()), output.bytes.size()};
}

TEST(Values, example_model_answers) {
  const auto model = load("example");
  for (int i = 0; i < 4; ++i) {
    const auto outputs =
        infer(*model, {floats("a", {1, 2.5}), a_string("b", "hi"), some_strings("c", {"x", "y"})});
    ASSERT_EQ(outputs.size(), 3u);
    EXPECT_EQ(outputs.at("doubled").values<float>(), (std::vector<float>{2, 5}));
    EXPECT_EQ(outputs.at("string").shape, std::vector<int64_t>{});
    EXPECT_EQ(outputs.at("string").strings, std::vector<std::string>{"A string"});
    EXPECT_EQ(outputs.at("stringlist").shape, std::vector<int64_t>{4});
    EXPECT_EQ(outputs.at("stringlist").strings, (std::vector<std::string>{"A", "list", "of", "strings"}));
  }
}

TEST(Values, every_dtype_goes_in_and_comes_back_bit_for_bit) {
  const std::vector<DType> dtypes = {DType::Float32, DType::Float64, DType::Int8,  DType::Int16,
                                     DType::Int32,   DType::Int64,   DType::UInt8, DType::UInt16,
                                     DType::UInt32,  DType::UInt64,  DType::Bool,  DType::Float16,
                                     DType::BFloat16};
  for (const char* name : {"echo", "echo_tensors"}) {
    const auto model = load(name);
    for (const DType dtype : dtypes) {
      for (const bool mapped : {false, true}) {
        TestInput input{
            .name = "x", .dtype = dtype, .shape = {2, 3}, .bytes = {}, .strings = {}, .mapped = mapped};
        for (size_t i = 0; i < 6 * dtype_size(dtype); ++i) {
          input.bytes.push_back(static_cast<std::byte>(dtype == DType::Bool ? i % 2 : 37 * i));
        }
        const auto outputs = infer(*model, {input});
        const TestOutput& output = outputs.at("x");
        EXPECT_EQ(output.dtype, dtype) << dtype_name(dtype);
        EXPECT_EQ(output.shape, input.shape) << dtype_name(dtype);
        EXPECT_EQ(bytes_of(output), bytes_of(input)) << dtype_name(dtype);
      }
    }
  }
}

TEST(Values, scalars_and_empty_tensors_keep_their_shape) {
  const auto model = load("echo");
  for (const auto& shape : std::vector<std::vector<int64_t>>{{}, {0}, {0, 3}, {2, 0, 4}, {1, 1}}) {
    for (const bool mapped : {false, true}) {
      const bool empty = std::count(shape.begin(), shape.end(), 0) > 0;
      TestInput input = numbers<double>("x", DType::Float64, shape, std::vector<double>(empty ? 0 : 1, 1.5));
      input.mapped = mapped;
      const auto outputs = infer(*model, {input});
      EXPECT_EQ(outputs.at("x").shape, shape);
      EXPECT_EQ(outputs.at("x").values<double>().size(), empty ? 0u : 1u);
    }
  }
}

TEST(Values, no_inputs_make_an_empty_dict) {
  EXPECT_TRUE(infer(*load("echo"), std::vector<TestInput>{}).empty());
  EXPECT_TRUE(infer(*load("echo_tensors"), std::vector<TestInput>{}).empty());
}

TEST(Values, strings_of_any_bytes_and_length_go_in_and_come_back) {
  const auto model = load("echo");
  const std::vector<std::string> strings = {"", std::string("a\0b", 3), "\xF0\x9F\x99\x82",
                                            std::string(1 << 20, 'x')};
  for (const std::string& string : strings) {
    EXPECT_EQ(infer(*model, {a_string("s", string)}).at("s").strings, std::vector<std::string>{string});
  }
  EXPECT_EQ(infer(*model, {some_strings("s", strings)}).at("s").strings, strings);
  const auto empty = infer(*model, {some_strings("s", {})});
  EXPECT_EQ(empty.at("s").dtype, DType::String);
  EXPECT_EQ(empty.at("s").shape, std::vector<int64_t>{0});
}

TEST(Values, names_of_one_request_do_not_leak_into_the_next) {
  const auto model = load("echo");
  const auto names = [&](std::vector<TestInput> inputs) {
    std::string out;
    for (const auto& [name, value] : infer(*model, inputs)) out += name + " ";
    return out;
  };
  EXPECT_EQ(names({floats("a", {1}), floats("b", {1})}), "a b ");
  EXPECT_EQ(names({floats("b", {1}), floats("c", {1})}), "b c ");
  EXPECT_EQ(names({floats("c", {1})}), "c ");
  EXPECT_EQ(names({floats("a", {1}), floats("b", {1}), floats("c", {1})}), "a b c ");
}

TEST(Values, string_to_a_model_of_tensors_is_an_input_error) {
  const auto model = load("echo_tensors");
  const Error error = error_of([&] { infer(*model, {a_string("greeting", "hi")}); });
  EXPECT_EQ(error.code(), Code::Input);
  EXPECT_EQ(error.message(), "input `greeting` is a string, but the model takes Dict[str, Tensor]");
  EXPECT_EQ(error_of([&] { infer(*model, {some_strings("s", {"a"})}); }).code(), Code::Input);
  EXPECT_NO_THROW(infer(*model, {floats("x", {1})}));
}

TEST(Values, tensor_to_a_model_of_strings_is_an_input_error) {
  const auto model = load("takes_strings_only");
  const Error error = error_of([&] { infer(*model, {floats("a", {1})}); });
  EXPECT_EQ(error.code(), Code::Input);
  EXPECT_EQ(infer(*model, {a_string("a", "x"), a_string("b", "y")}).at("joined").strings[0], "xy");
}

TEST(Values, string_tensor_of_rank_two_is_an_input_error) {
  const auto model = load("echo");
  TestInput input = some_strings("words", {"a", "b", "c", "d"});
  input.shape = {2, 2};
  const Error error = error_of([&] { infer(*model, {input}); });
  EXPECT_EQ(error.code(), Code::Input);
  EXPECT_NE(error.message().find("input `words` is a string tensor of rank 2"), std::string::npos)
      << error.message();
}

TEST(Values, arguments_after_the_dict_take_their_defaults) {
  EXPECT_EQ(infer(*load("has_default"), {floats("a", {2})}).at("y").values<float>(), std::vector<float>{6});
}

TEST(Values, outputs_of_any_strides_arrive_contiguous) {
  const auto model = load("unusual_tensors");
  const auto outputs = infer(*model, {numbers<float>("a", DType::Float32, {2, 4}, {1, 2, 3, 4, 5, 6, 7, 8})});
  EXPECT_EQ(outputs.at("transposed").shape, (std::vector<int64_t>{4, 2}));
  EXPECT_EQ(outputs.at("transposed").values<float>(), (std::vector<float>{1, 5, 2, 6, 3, 7, 4, 8}));
  EXPECT_EQ(outputs.at("strided").values<float>(), (std::vector<float>{1, 3, 5, 7}));
  EXPECT_EQ(outputs.at("expanded").values<float>(), std::vector<float>(6, 1));
  EXPECT_EQ(outputs.at("negated").values<float>(), (std::vector<float>{-2, -4, -6, -8}));
  EXPECT_EQ(outputs.at("empty").shape, (std::vector<int64_t>{0, 4}));
  EXPECT_EQ(outputs.at("scalar").shape, std::vector<int64_t>{});
  EXPECT_EQ(outputs.at("scalar").values<float>(), std::vector<float>{36});
}

TEST(Values, string_outputs_of_every_kind_arrive) {
  const auto outputs = infer(*load("string_outputs"), std::vector<TestInput>{});
  EXPECT_EQ(outputs.at("empty").dtype, DType::String);
  EXPECT_EQ(outputs.at("empty").shape, std::vector<int64_t>{0});
  EXPECT_EQ(outputs.at("any").strings, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(outputs.at("nul").strings[0], std::string("a\0b", 3));
  EXPECT_EQ(outputs.at("emoji").strings[0], "\xF0\x9F\x99\x82");
  EXPECT_EQ(outputs.at("").strings[0], "no name");
}

TEST(Values, output_that_no_carton_can_hold_is_refused_with_its_key_and_a_way_out) {
  const std::map<std::string, std::string> cases = {
      {"int", "of type int;"},
      {"float", "of type float;"},
      {"bool", "of type bool;"},
      {"none", "of type NoneType;"},
      {"tuple", "of type Tuple[int, str];"},
      {"dict", "of type Dict[str, Tensor];"},
      {"tensors", "of type List[Tensor], and its item 0 is of type Tensor"},
      {"no tensors", "of type List[Tensor];"},
      {"mixed", "and its item 1 is of type int"},
      {"complex", "a complex tensor (ComplexFloat)"},
      {"sparse", "a tensor of layout Sparse"},
      {"quantized", "a quantized tensor"},
      {"float8", "a tensor of dtype Float8_e4m3fn"},
      {"half character", "not valid UTF-8"},
      {"deep", "a tensor of rank 33 (at most 32)"},
  };
  const auto model = load("bad_output");
  for (const auto& [kind, expected] : cases) {
    const Error error = error_of([&, value = kind] { infer(*model, {a_string("kind", value)}); });
    EXPECT_EQ(error.code(), Code::Unsupported) << kind << ": " << error.message();
    EXPECT_TRUE(error.message().starts_with("output `bad` is ")) << error.message();
    EXPECT_NE(error.message().find(expected), std::string::npos) << error.message();
    EXPECT_FALSE(error.hint().empty()) << kind;
  }
  EXPECT_EQ(infer(*model, {a_string("kind", "none of them")}).size(), 1u);
}

TEST(Values, key_too_long_for_a_name_is_refused) {
  const auto model = load("bad_output");
  const Error error = error_of([&] { infer(*model, {a_string("kind", "long key")}); });
  EXPECT_EQ(error.code(), Code::Unsupported);
  EXPECT_LT(error.message().size(), 500u);
}

TEST(Values, result_that_is_no_dict_with_str_keys_is_refused) {
  const auto model = load("returns_any");
  const Error list = error_of([&] { infer(*model, {floats("list", {1})}); });
  EXPECT_EQ(list.code(), Code::Unsupported);
  EXPECT_NE(list.message().find("forward returned List[Tensor]"), std::string::npos) << list.message();
  const Error keys = error_of([&] { infer(*model, {floats("int_keys", {1})}); });
  EXPECT_EQ(keys.code(), Code::Unsupported);
  EXPECT_NE(keys.message().find("keys of type int"), std::string::npos) << keys.message();
  EXPECT_EQ(infer(*model, {floats("a", {1})}).size(), 1u);
}

}  // namespace
}  // namespace carton::torchscript
