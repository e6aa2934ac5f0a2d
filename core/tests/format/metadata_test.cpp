#include "format/metadata.h"

#include <cmath>

#include "support/expect_code.h"

namespace carton::format {
namespace {

const std::string kRunner = R"(
[runner]
runner_name = "torchscript"
required_framework_version = "=2.0"
runner_compat_version = 1
)";

Metadata parse(const std::string& top, const std::string& bottom = "") {
  return Metadata::parse("spec_version = 1\n" + top + kRunner + bottom);
}

// The text with one line changed: the simplest way to a file with one fault.
Metadata parse_changed(const std::string& from, const std::string& to) {
  std::string text = "spec_version = 1\n" + kRunner;
  text.replace(text.find(from), from.size(), to);
  return Metadata::parse(text);
}

TEST(Metadata, minimal) {
  Metadata meta = parse("");
  EXPECT_EQ(meta.spec_version, 1u);
  EXPECT_EQ(meta.runner.name, "torchscript");
  EXPECT_TRUE(meta.runner.requirement.matches(Version::parse("2.0.1")));
  EXPECT_EQ(meta.runner.compat_version, 1u);
  EXPECT_FALSE(meta.inputs || meta.outputs || meta.model_name);
  EXPECT_TRUE(meta.warnings.empty());
  EXPECT_FALSE(meta.refers_to_tensors());
}

TEST(Metadata, complete) {
  Metadata meta = parse(R"(
model_name = "Test \u001b[31m model"
short_description = 'short'
model_description = '''long
text'''
license = "MIT"
repository = "https://example.org/repo"
homepage = "https://example.org"
required_platforms = ["x86_64-linux-gnu", "aarch64-apple-darwin"]
unknown_key = 1
[[input]]
name = "x"
dtype = "float32"
shape = ["batch", "*", 3, 0]
description = "an image"
internal_name = "arg0"
[[input]]
name = "anything"
dtype = "string"
shape = "*"
[[output]]
name = "y"
dtype = "uint64"
shape = "same"
[[output]]
name = "scalar"
dtype = "int8"
shape = []
[[self_test]]
name = "quick"
inputs = { x = "@tensor_data/t0" }
expected_out = { y = "@tensor_data/t1" }
[[self_test]]
inputs = {}
[[example]]
inputs = { x = "@misc/dir/in.png", anything = "@tensor_data/t0" }
sample_out = { y = "@misc/out.txt" }
[unknown_table]
a = 1
)");
  EXPECT_EQ(meta.model_description, "long\ntext");
  EXPECT_EQ(meta.required_platforms[0], "x86_64-unknown-linux-gnu");
  ASSERT_EQ(meta.inputs->size(), 2u);
  EXPECT_EQ(shape_spec_text(meta.input("x")->shape), "[`batch`, *, 3, 0]");
  EXPECT_EQ(meta.input("x")->description, "an image");
  EXPECT_EQ(shape_spec_text(meta.input("anything")->shape), "any");
  EXPECT_EQ(shape_spec_text(meta.output("y")->shape), "`same`");
  EXPECT_EQ(shape_spec_text(meta.output("scalar")->shape), "[]");
  EXPECT_EQ(meta.output("x"), nullptr);
  EXPECT_EQ(meta.self_tests[0].expected_out->at(0).second.name, "t1");
  EXPECT_FALSE(meta.self_tests[1].expected_out);
  EXPECT_EQ(meta.examples[0].inputs[1].second.kind, Reference::Kind::Misc);
  EXPECT_EQ(meta.examples[0].inputs[1].second.name, "dir/in.png");
  EXPECT_TRUE(meta.refers_to_tensors());
}

TEST(Metadata, options_of_every_type) {
  Metadata meta = parse(
      "", "[runner.opts]\ni = -5\nf = 1.5\ninf = inf\nnan = nan\ns = 'text'\nb = true\n\"model.x\" = 1\n");
  EXPECT_EQ(std::get<int64_t>(meta.runner.opts.at("i")), -5);
  EXPECT_EQ(std::get<double>(meta.runner.opts.at("f")), 1.5);
  EXPECT_TRUE(std::isinf(std::get<double>(meta.runner.opts.at("inf"))));
  EXPECT_TRUE(std::isnan(std::get<double>(meta.runner.opts.at("nan"))));
  EXPECT_EQ(std::get<bool>(meta.runner.opts.at("b")), true);
  EXPECT_EQ(std::get<std::string>(meta.runner.opts.at("s")), "text");
  EXPECT_EQ(std::get<int64_t>(meta.runner.opts.at("model.x")), 1);
}

TEST(Metadata, options_of_other_types_are_refused) {
  EXPECT_CODE(Code::Format, "`runner.opts.a` expected an integer, float, string or boolean, got a date",
              parse("", "[runner.opts]\na = 1979-05-27\n"));
  EXPECT_CODE(Code::Format, "got a list", parse("", "[runner.opts]\na = [1]\n"));
  EXPECT_CODE(Code::Format, "got a table", parse("", "[runner.opts]\na.b = 1\n"));
  EXPECT_CODE(Code::Limit, "option `a`", parse("", "[runner.opts]\na = '" + std::string(65537, 'x') + "'\n"));
}

TEST(Metadata, spec_version) {
  EXPECT_CODE(Code::Unsupported, "`spec_version` is 2",
              parse_changed("spec_version = 1", "spec_version = 2"));
  for (const char* bad :
       {"spec_version = 0", "spec_version = -1", "spec_version = '1'", "spec_version = 1.0", "x = 1"}) {
    EXPECT_CODE(Code::Format, "`spec_version`", parse_changed("spec_version = 1", bad));
  }
}

TEST(Metadata, runner_section) {
  EXPECT_CODE(Code::Format, "`runner` is missing, expected a table", Metadata::parse("spec_version = 1"));
  EXPECT_CODE(Code::Format, "`runner.runner_name` is missing",
              parse_changed("runner_name = \"torchscript\"", ""));
  EXPECT_CODE(Code::Format, "`runner.required_framework_version` is missing",
              parse_changed("required_framework_version = \"=2.0\"", ""));
  EXPECT_CODE(Code::Format, "`runner.runner_compat_version` is missing",
              parse_changed("runner_compat_version = 1", ""));
  EXPECT_CODE(Code::Format, "got -1",
              parse_changed("runner_compat_version = 1", "runner_compat_version = -1"));
  for (const char* bad : {"../../x", "-rf", "a\\u0000b", "a/b/c", "", "/", "a/", ".hidden", "a b", "a;b"}) {
    EXPECT_CODE(Code::Format, "`runner.runner_name` expected a name", parse_changed("torchscript", bad));
  }
  EXPECT_EQ(parse_changed("torchscript", "acme/rust-bert_2.0").runner.name, "acme/rust-bert_2.0");
}

TEST(Metadata, requirement) {
  for (const char* bad : {"", "1.0.0-\xce\xb1", "18446744073709551616", "01.2", ">"}) {
    EXPECT_CODE(Code::Format, "`runner.required_framework_version` is no requirement",
                parse_changed("=2.0", bad));
  }
  std::string clauses = ">=1";
  for (int i = 0; i < 10'000; ++i) clauses += ", <9";
  EXPECT_CODE(Code::Format, "32 comparators", parse_changed("=2.0", clauses));
  EXPECT_FALSE(parse_changed("=2.0", ">=1,<1").runner.requirement.matches(Version::parse("1.0.0")));
}

TEST(Metadata, a_requirement_of_any_version_is_taken_with_a_warning) {
  Metadata meta = parse_changed("=2.0", "*");
  ASSERT_EQ(meta.warnings.size(), 1u);
  EXPECT_NE(meta.warnings[0].find("\"*\""), std::string::npos);
}

TEST(Metadata, strings_and_platforms) {
  EXPECT_CODE(Code::Format, "`model_name` expected a string, got a date", parse("model_name = 1979-05-27"));
  EXPECT_CODE(Code::Format, "`license` expected a string, got a float", parse("license = nan"));
  EXPECT_CODE(Code::Format, "`required_platforms[1]`",
              parse("required_platforms = ['x86_64-linux-gnu', 'linux']"));
  EXPECT_CODE(Code::Format, "list of strings", parse("required_platforms = 'x86_64-linux-gnu'"));
}

Metadata parse_input(const std::string& dtype, const std::string& shape) {
  return parse("[[input]]\nname = 'x'\ndtype = " + dtype + "\nshape = " + shape + "\n");
}

TEST(TensorSpecs, dtypes_are_exact) {
  for (const char* bad :
       {"'Float32'", "'bool'", "'float16'", "'bfloat16'", "'nested'", "'complex64'", "''"}) {
    EXPECT_CODE(Code::Format, "`input[0].dtype` expected one of float32", parse_input(bad, "[]"));
  }
  EXPECT_CODE(Code::Format, "`input[0].dtype` expected a string", parse_input("1", "[]"));
}

TEST(TensorSpecs, shapes) {
  EXPECT_EQ(std::get<Symbol>(parse_input("'int8'", "''").input("x")->shape).name, "");
  for (const char* bad : {"[-1]", "[true]", "[1.0]", "[9223372036854775808]", "3", "[[1]]", "true"}) {
    EXPECT_CODE(Code::Format, "", parse_input("'int8'", bad));
  }
  EXPECT_CODE(Code::Format, "`input[0].shape[1]` expected a size of 0 or more, got -1",
              parse_input("'int8'", "[1, -1]"));
  std::string rank33 = "[1";
  for (int i = 1; i < 33; ++i) rank33 += ", 1";
  EXPECT_CODE(Code::Limit, "rank of a tensor is limited to 32", parse_input("'int8'", rank33 + "]"));
}

TEST(TensorSpecs, names_and_lists) {
  EXPECT_CODE(Code::Format, "declares `x` a second time",
              parse("input = [{name='x', dtype='int8', shape=[]}, {name='x', dtype='int8', shape=[]}]\n"));
  EXPECT_CODE(Code::Format, "`input[0].name` is missing", parse("input = [{dtype='int8', shape=[]}]\n"));
  EXPECT_CODE(Code::Format, "`input[0].shape` is missing", parse("input = [{name='x', dtype='int8'}]\n"));
  EXPECT_CODE(Code::Format, "`input` expected a list of tables", parse("input = 1\n"));
  EXPECT_TRUE(parse("input = []\n").inputs.has_value());
}

Metadata parse_ext(const std::string& dtype, const std::string& ext) {
  return parse("[[input]]\nname = 'x'\ndtype = '" + dtype + "'\nshape = []\n[carton_ext.dtypes.inputs]\n" +
               ext + "\n");
}

TEST(TensorSpecs, real_dtypes_replace_their_stand_ins) {
  EXPECT_EQ(parse_ext("uint8", "x = 'bool'").input("x")->dtype, DType::Bool);
  EXPECT_EQ(parse_ext("uint16", "x = 'float16'").input("x")->dtype, DType::Float16);
  EXPECT_EQ(parse_ext("uint16", "x = 'bfloat16'").input("x")->dtype, DType::BFloat16);
  EXPECT_EQ(parse_ext("uint8", "").input("x")->dtype, DType::UInt8);
}

TEST(TensorSpecs, a_real_dtype_that_does_not_fit_is_refused) {
  EXPECT_CODE(Code::Format,
              "`carton_ext.dtypes.inputs.x` is bool, whose stand-in is uint8, but `dtype` is float32",
              parse_ext("float32", "x = 'bool'"));
  EXPECT_CODE(Code::Format, "not declared", parse_ext("uint8", "z = 'bool'"));
  EXPECT_CODE(Code::Format, "expected bool, float16 or bfloat16", parse_ext("float32", "x = 'float32'"));
  EXPECT_CODE(Code::Format, "expected a string", parse_ext("uint8", "x = 1"));
  EXPECT_CODE(Code::Unsupported, "`float8`", parse_ext("uint8", "x = 'float8'"));
}

TEST(References, have_a_prefix_that_fits_the_place) {
  auto self_test = [](const char* value) {
    return parse(std::string("[[self_test]]\ninputs.x = ") + value + "\n");
  };
  EXPECT_CODE(Code::Format, "`self_test[0].inputs.x` expected \"@tensor_data/NAME\"", self_test("'@misc/a'"));
  EXPECT_CODE(Code::Format, "expected \"@tensor_data/NAME\"", self_test("'tensor_data/a'"));
  EXPECT_CODE(Code::Format, "expected a string", self_test("1"));
  auto example = [](const char* value) {
    return parse(std::string("[[example]]\nsample_out = {}\ninputs.x = ") + value + "\n");
  };
  EXPECT_CODE(Code::Format, "or \"@misc/PATH\"", example("'misc/a'"));
  EXPECT_CODE(Code::Format, "`..`", example("'@misc/../carton.toml'"));
  EXPECT_CODE(Code::Format, "`example[0].sample_out` is missing", parse("[[example]]\ninputs = {}\n"));
  EXPECT_CODE(Code::Format, "`self_test[0].inputs` is missing", parse("[[self_test]]\nname = 'x'\n"));
}

}  // namespace
}  // namespace carton::format
