#include "format/tensor_index.h"

#include <cstring>

#include "support/expect_code.h"

namespace carton::format {
namespace {

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& file) {
  return "[[tensor]]\nname = '" + name + "'\ndtype = '" + dtype + "'\nshape = " + shape + "\nfile = '" +
         file + "'\ninner = []\n";
}
std::string nested(const std::string& name, const std::string& inner) {
  return "[[tensor]]\nname = '" + name + "'\ndtype = 'nested'\ninner = " + inner + "\n";
}

Tensor decode(const std::string& index, const std::string& bytes) {
  return decode_tensor(*TensorIndex::parse(index).find("t"), bytes);
}

TEST(TensorIndex, reads_numeric_and_nested_entries) {
  TensorIndex index = TensorIndex::parse(entry("a", "float32", "[2, 3]", "sub/a.bin") + nested("n", "['a']"));
  EXPECT_EQ(index.find("a")->path, "tensor_data/sub/a.bin");
  EXPECT_EQ(index.find("a")->nbytes(), 24u);
  EXPECT_EQ(index.find("n")->inner.at(0), "a");
  EXPECT_EQ(index.find("b"), nullptr);
  EXPECT_TRUE(TensorIndex::parse("tensor = []").tensors.empty());
  EXPECT_TRUE(TensorIndex::parse("").tensors.empty());
}

TEST(TensorIndex, refuses_bad_entries) {
  const std::pair<std::string, const char*> cases[] = {
      {entry("t", "int8", "[-1]", "f"), "got -1"},
      {entry("t", "int8", "[4294967296, 4294967296]", "f"), "too large"},
      {entry("t", "int64", "[1152921504606846976]", "f"), "too large"},
      {entry("t", "int8", "[0, 9223372036854775807, 3]", "f"), "too large"},
      {entry("t", "Int8", "[]", "f"), "expected one of"},
      {entry("t", "bool", "[]", "f"), "expected one of"},
      {entry("t", "int8", "[]", "../carton.toml"), "`..`"},
      {entry("t", "int8", "[]", "/etc/passwd"), "empty part"},
      {entry("t", "int8", "[1.0]", "f"), "expected a size"},
      {entry("t", "int8", "'*'", "f"), "list of sizes"},
      {entry("t", "int8", "[]", "f") + entry("t", "int8", "[]", "f"), "a second time"},
      {"[[tensor]]\nname = 't'\ndtype = 'int8'\nshape = []\n", "`tensor[0].file` is missing"},
      {"[[tensor]]\ndtype = 'int8'\n", "`tensor[0].name` is missing"},
      {nested("n", "['n']"), "nested itself"},
      {nested("n", "['m']") + nested("m", "['n']"), "nested itself"},
      {nested("n", "['x']"), "does not exist"},
      {"[[tensor]]\nname='t'\ndtype='int8'\nshape=[]\nfile='f'\ninner=['a']\n", "only for nested"},
  };
  for (const auto& [text, fragment] : cases) EXPECT_CODE(Code::Format, fragment, TensorIndex::parse(text));
}

TEST(TensorIndex, limits) {
  std::string rank33 = "[1";
  for (int i = 1; i < 33; ++i) rank33 += ", 1";
  EXPECT_CODE(Code::Limit, "rank", TensorIndex::parse(entry("t", "int8", rank33 + "]", "f")));
  std::string shared;
  for (int i = 0; i < 1001; ++i) shared += entry("t" + std::to_string(i), "int8", "[]", "f");
  EXPECT_CODE(Code::Limit, "share `tensor_data/f`", TensorIndex::parse(shared));
}

TEST(TensorIndex, real_dtypes_come_from_the_extension) {
  std::string index = entry("t", "uint16", "[2]", "f") + "[carton_ext.dtypes]\nt = 'bfloat16'\n";
  EXPECT_EQ(decode(index, "abcd").dtype, DType::BFloat16);
  EXPECT_CODE(Code::Format, "stand-in is uint16",
              TensorIndex::parse(entry("t", "int16", "[2]", "f") + "[carton_ext.dtypes]\nt = 'float16'\n"));
}

TEST(DecodeTensor, numbers_are_kept_bit_for_bit) {
  std::string bytes("\x01\x00\xc0\x7f\x00\x00\x00\x80", 8);  // a NaN with a payload, -0
  Tensor tensor = decode(entry("t", "float32", "[2]", "f"), bytes);
  EXPECT_EQ(std::memcmp(tensor.data, bytes.data(), 8), 0);
  EXPECT_EQ(decode(entry("t", "float32", "[2, 0]", "f"), "").count, 0u);
  EXPECT_EQ(decode(entry("t", "int8", "[]", "f"), "x").count, 1u);
}

TEST(DecodeTensor, a_file_of_another_length_is_refused) {
  EXPECT_CODE(Code::Format, "takes 8 bytes, the file has 7",
              decode(entry("t", "float32", "[2]", "f"), "1234567"));
  EXPECT_CODE(Code::Format, "the file has 9", decode(entry("t", "float32", "[2]", "f"), "123456789"));
}

TEST(DecodeTensor, booleans_are_normalised) {
  Tensor tensor = decode(entry("t", "uint8", "[3]", "f") + "[carton_ext.dtypes]\nt = 'bool'\n",
                         std::string("\x00\x01\xff", 3));
  EXPECT_EQ(std::string(reinterpret_cast<char*>(tensor.data), 3), std::string("\x00\x01\x01", 3));
}

TEST(DecodeTensor, strings) {
  std::string index = entry("t", "string", "[2, 1]", "f");
  Tensor tensor = decode(index, "data = ['a', \"\\u0000\xf0\x9f\x98\x80\"]");
  EXPECT_EQ(tensor.strings->at(1), std::string("\0\xf0\x9f\x98\x80", 5));
  EXPECT_CODE(Code::Format, "has 2 strings, `data` has 1", decode(index, "data = ['a']"));
  EXPECT_CODE(Code::Format, "`data[1]` expected a string, got an integer", decode(index, "data = ['a', 1]"));
  EXPECT_CODE(Code::Format, "`data` is missing", decode(index, "x = 1"));
  EXPECT_CODE(Code::Format, "line 1", decode(index, "data = ['a', \"\\ud800\"]"));
  Limits limits;
  limits.string_tensor_bytes = 4;
  EXPECT_CODE(Code::Limit, "size of",
              decode_tensor(*TensorIndex::parse(index).find("t"), "data = []", limits));
}

TEST(DecodeTensor, nested_is_unsupported) {
  EXPECT_CODE(Code::Unsupported, "nested", decode(nested("t", "[]"), ""));
}

}  // namespace
}  // namespace carton::format
