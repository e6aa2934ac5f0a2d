#include "model/carton_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "support/carton_builder.h"
#include "support/expect_code.h"

namespace carton {
namespace {

using test::CartonBuilder;
using test::TempDir;
using test::write_file;

// The same carton as a zip and as a directory.
class CartonFileTest : public ::testing::TestWithParam<const char*> {
 protected:
  std::shared_ptr<CartonFile> open(const CartonBuilder& builder, const format::Limits& limits = {}) {
    std::string path = dir_ / ("carton" + std::to_string(++count_));
    if (GetParam() == std::string("zip")) {
      write_file(path, builder.zip());
    } else {
      builder.write_directory(path);
    }
    return CartonFile::open(path, limits);
  }

  CartonBuilder builder_;
  TempDir dir_;
  int count_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Storages, CartonFileTest, ::testing::Values("zip", "directory"),
                         [](const auto& storage) { return std::string(storage.param); });

TEST_P(CartonFileTest, opens_lists_and_reads) {
  auto carton = open(builder_);
  EXPECT_EQ(carton->metadata().runner.name, "noop");
  EXPECT_EQ(carton->manifest_sha256(), test::sha256_of(builder_.manifest()));
  ASSERT_EQ(carton->files().size(), 4u);
  EXPECT_EQ(carton->files()[0].path, "carton.toml");
  EXPECT_EQ(carton->find("model/weights.bin")->size, 1000u);
  EXPECT_EQ(carton->find("MANIFEST"), nullptr);
  for (const auto& [path, content] : builder_.files) EXPECT_EQ(carton->read(path, 1 << 20), content);
  EXPECT_TRUE(carton->verify().empty());
  EXPECT_CODE(Code::Invalid, "no file `model/x`", carton->read("model/x", 10));
  EXPECT_CODE(Code::Limit, "size of `model/weights.bin`", carton->read("model/weights.bin", 999));
}

TEST_P(CartonFileTest, reads_parts_of_stored_and_compressed_files) {
  builder_.methods["model/sub/config.json"] = 93;
  auto carton = open(builder_);
  for (const auto& [path, content] : builder_.files) {
    std::string out(content.size() + 10, '\0');
    auto* data = reinterpret_cast<std::byte*>(out.data());
    EXPECT_EQ(carton->read_at(path, 0, data, out.size()), content.size());
    EXPECT_EQ(out.substr(0, content.size()), content);
    EXPECT_EQ(carton->read_at(path, 1, data, 1), 1u);
    EXPECT_EQ(out[0], content[1]);
    EXPECT_EQ(carton->read_at(path, content.size(), data, 5), 0u);
    EXPECT_EQ(carton->read_at(path, UINT64_MAX, data, 5), 0u);
  }
}

TEST_P(CartonFileTest, a_range_holds_the_plain_bytes) {
  auto carton = open(builder_);
  auto range = carton->range("model/weights.bin");
  ASSERT_TRUE(range);
  std::string bytes(range->size, '\0');
  ASSERT_EQ(::pread(range->fd, bytes.data(), range->size, static_cast<off_t>(range->offset)), 1000);
  EXPECT_EQ(bytes, builder_.files["model/weights.bin"]);
}

TEST_P(CartonFileTest, a_file_with_another_hash_is_an_integrity_error_wherever_it_is_read) {
  std::string manifest = builder_.manifest();
  builder_.files["model/weights.bin"][7] = 'W';
  builder_.manifest_override = manifest;
  auto carton = open(builder_);
  EXPECT_CODE(Code::Integrity, "`model/weights.bin` expected sha256 `",
              carton->read("model/weights.bin", 1 << 20));
  std::byte byte;
  EXPECT_CODE(Code::Integrity, "MANIFEST line 4", carton->read_at("model/weights.bin", 0, &byte, 1));
  auto mismatches = carton->verify();
  ASSERT_EQ(mismatches.size(), 1u);
  EXPECT_EQ(mismatches[0].path, "model/weights.bin");
  EXPECT_EQ(mismatches[0].actual, test::sha256_of(builder_.files["model/weights.bin"]));
}

TEST_P(CartonFileTest, a_changed_carton_toml_is_refused_at_open) {
  std::string manifest = builder_.manifest();
  builder_.files["carton.toml"] += "\nmodel_name = 'other'\n";
  builder_.manifest_override = manifest;
  EXPECT_CODE(Code::Integrity, "`carton.toml` expected sha256", open(builder_));
}

TEST_P(CartonFileTest, manifest_and_files_must_be_the_same_set) {
  CartonBuilder missing = builder_;
  missing.manifest_override = builder_.manifest();
  missing.files.erase("model/weights.bin");
  EXPECT_CODE(Code::Integrity, "`model/weights.bin` is listed in MANIFEST but is not in the carton",
              open(missing));
  CartonBuilder added = builder_;
  added.manifest_override = builder_.manifest();
  added.files["model/extra"] = "x";
  EXPECT_CODE(Code::Integrity, "`model/extra` is in the carton but not listed in MANIFEST", open(added));
}

TEST_P(CartonFileTest, linked_files_are_listed_and_cannot_be_read) {
  std::string hash(64, 'a');
  builder_.linked["model/big.bin"] = hash;
  builder_.links = "version = 1\n[urls]\n" + hash + " = ['https://example.org/big.bin']\n" +
                   std::string(64, 'b') + " = ['https://example.org/unused']\n";
  auto carton = open(builder_);
  EXPECT_EQ(carton->find("model/big.bin")->method, "linked");
  EXPECT_FALSE(carton->range("model/big.bin"));
  EXPECT_CODE(Code::Unsupported, "only linked to", carton->read("model/big.bin", 100));
  EXPECT_TRUE(carton->verify().empty());
  builder_.links = "version = 1\n";
  EXPECT_CODE(Code::Integrity, "`model/big.bin` is listed", open(builder_));
}

TEST_P(CartonFileTest, required_files) {
  CartonBuilder no_toml = builder_;
  no_toml.files.erase("carton.toml");
  EXPECT_CODE(Code::Format, "no file `carton.toml`", open(no_toml));
  builder_.manifest_override = "not a manifest\n";
  EXPECT_CODE(Code::Format, "MANIFEST line 1", open(builder_));
}

TEST_P(CartonFileTest, large_metadata_files_are_limits) {
  format::Limits limits;
  limits.manifest_bytes = 100;
  EXPECT_CODE(Code::Limit, "size of MANIFEST", open(builder_, limits));
  builder_.files["carton.toml"] += "# " + std::string(1 << 20, 'x');
  EXPECT_CODE(Code::Limit, "`carton.toml`", open(builder_));
}

std::string toml_with_example(const std::string& input) {
  return std::string(test::kMinimalToml) + "[[example]]\nsample_out = {}\ninputs = { x = '" + input + "' }\n";
}

TEST_P(CartonFileTest, references_must_resolve) {
  builder_.files["tensor_data/index.toml"] =
      "[[tensor]]\nname = 't'\ndtype = 'uint8'\nshape = [2]\nfile = 't.bin'\ninner = "
      "[]\n[carton_ext.dtypes]\nt = 'bool'\n"
      "[[tensor]]\nname = 's'\ndtype = 'string'\nshape = [1]\nfile = 's.toml'\ninner = []\n";
  builder_.files["tensor_data/t.bin"] = std::string("\0\2", 2);
  builder_.files["tensor_data/s.toml"] = "data = ['text']";
  builder_.methods["tensor_data/t.bin"] = 93;
  for (const char* good : {"@tensor_data/t", "@misc/read me.txt"}) {
    builder_.files["carton.toml"] = toml_with_example(good);
    auto carton = open(builder_);
    EXPECT_EQ(carton->tensor("t").dtype, DType::Bool);
    EXPECT_EQ(carton->tensor("t").data[1], std::byte{1});
    EXPECT_EQ(carton->tensor("s").strings->at(0), "text");
    EXPECT_CODE(Code::Invalid, "no tensor `u`", carton->tensor("u"));
  }
  for (const char* bad : {"@tensor_data/u", "@misc/missing.txt", "@tensor_data/../../etc/passwd"}) {
    builder_.files["carton.toml"] = toml_with_example(bad);
    EXPECT_CODE(Code::Format, "which does not exist", open(builder_));
  }
}

TEST_P(CartonFileTest, a_tensor_whose_file_is_missing_or_has_another_length_is_refused) {
  builder_.files["carton.toml"] = toml_with_example("@tensor_data/t");
  builder_.files["tensor_data/index.toml"] =
      "[[tensor]]\nname = 't'\ndtype = 'float64'\nshape = [1000000000, 1000]\nfile = 't.bin'\ninner = []\n";
  EXPECT_CODE(Code::Format, "`tensor_data/t.bin`, which does not exist", open(builder_));
  builder_.files["tensor_data/t.bin"] = "12345678";
  EXPECT_CODE(Code::Format, "takes 8000000000000 bytes, the file has 8", open(builder_)->tensor("t"));
}

TEST_P(CartonFileTest, no_tensor_folder_is_fine) {
  EXPECT_CODE(Code::Invalid, "no tensor", open(builder_)->tensor("t"));
}

TEST_P(CartonFileTest, json_has_the_documented_keys) {
  builder_.files["carton.toml"] = R"(spec_version = 1
model_name = 'm'
[[input]]
name = 'x'
dtype = 'uint8'
shape = ['n', '*', 3]
[[input]]
name = 'any'
dtype = 'string'
shape = '*'
[[example]]
inputs = { x = '@misc/read me.txt' }
sample_out = {}
[runner]
runner_name = 'noop'
required_framework_version = '>=1'
runner_compat_version = 1
opts = { i = 1, f = 1.5, b = true, s = 'x', inf = inf }
[carton_ext.dtypes.inputs]
x = 'bool'
)";
  auto json = nlohmann::ordered_json::parse(open(builder_)->json());
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{
                      "spec_version", "model_name", "short_description", "model_description", "license",
                      "repository", "homepage", "required_platforms", "inputs", "outputs", "self_tests",
                      "examples", "runner", "misc_files", "manifest_sha256", "links", "files"}));
  EXPECT_EQ(json["inputs"].dump(),
            R"([{"name":"x","dtype":"bool","shape":["n",null,3],"description":null,"internal_name":null},)"
            R"({"name":"any","dtype":"string","shape":null,"description":null,"internal_name":null}])");
  EXPECT_EQ(json["outputs"].dump(), "null");
  EXPECT_EQ(json["examples"].dump(),
            R"([{"name":null,"description":null,"inputs":{"x":{"misc":"read me.txt"}},"sample_out":{}}])");
  EXPECT_EQ(json["runner"]["opts"].dump(), R"({"b":true,"f":1.5,"i":1,"inf":null,"s":"x"})");
  EXPECT_EQ(json["misc_files"].dump(), R"(["read me.txt"])");
  EXPECT_EQ(json["links"].dump(), "{}");
  EXPECT_EQ(json["files"].size(), 4u);
}

TEST(CartonFile, methods_and_stored_sizes_are_told) {
  TempDir dir;
  write_file(dir / "c", CartonBuilder().zip());
  auto carton = CartonFile::open(dir / "c");
  EXPECT_EQ(carton->find("carton.toml")->method, "zstd");
  EXPECT_LT(carton->find("carton.toml")->stored_size, carton->find("carton.toml")->size);
  EXPECT_EQ(carton->find("misc/read me.txt")->method, "deflate");
  EXPECT_EQ(carton->find("model/weights.bin")->method, "stored");
  EXPECT_FALSE(carton->range("carton.toml"));
  EXPECT_NE(carton->identity(), "");
}

TEST(CartonFile, a_symbolic_link_in_a_zip_has_the_content_and_hash_of_its_target) {
  TempDir dir;
  CartonBuilder builder;
  builder.files["model/link"] = builder.files["model/weights.bin"];  // for MANIFEST
  auto items = builder.items();
  for (auto& one : items) {
    if (one.central.name == "model/link") one = test::link_item("model/link", "weights.bin");
  }
  write_file(dir / "c", test::build_zip(items));
  auto carton = CartonFile::open(dir / "c");
  EXPECT_EQ(carton->read("model/link", 1 << 20), builder.files["model/weights.bin"]);
}

TEST(CartonFile, locations_that_are_no_carton) {
  TempDir dir;
  EXPECT_CODE(Code::Io, "No such file", CartonFile::open(dir / "missing.carton"));
  EXPECT_CODE(Code::Unsupported, "URLs", CartonFile::open("https://example.org/m.carton"));
  EXPECT_CODE(Code::Unsupported, "URLs", CartonFile::open("s3://bucket/m.carton"));
  EXPECT_CODE(Code::Invalid, "NUL", CartonFile::open(std::string("a\0b", 3)));
  EXPECT_CODE(Code::Io, "character device", CartonFile::open("/dev/zero"));
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_CODE(Code::Io, "a fifo", CartonFile::open(dir / "fifo"));
  ASSERT_EQ(::mkdir((dir / "empty.carton").c_str(), 0700), 0);
  EXPECT_CODE(Code::Format, "no file `MANIFEST`", CartonFile::open(dir / "empty.carton"));
  write_file(dir / "text", "hello, this is no zip file at all");
  EXPECT_CODE(Code::Format, "not a carton", CartonFile::open(dir / "text"));
}

TEST(CartonDirectory, links_and_special_files_are_against_policy) {
  TempDir dir;
  auto fresh = [&](const std::string& name) {
    CartonBuilder().write_directory(dir / name);
    return dir / name;
  };
  std::string a = fresh("a"), b = fresh("b"), c = fresh("c"), d = fresh("d");
  ASSERT_EQ(::symlink("/etc/passwd", (a + "/model/link").c_str()), 0);
  EXPECT_CODE(Code::Policy, "`model/link`: expected a regular file or a directory, got a symbolic link",
              CartonFile::open(a));
  ASSERT_EQ(::link((b + "/model/weights.bin").c_str(), (b + "/model/hard").c_str()), 0);
  EXPECT_CODE(Code::Policy, "has 2 hard links", CartonFile::open(b));
  ASSERT_EQ(::mkfifo((c + "/model/fifo").c_str(), 0600), 0);
  EXPECT_CODE(Code::Policy, "got a fifo", CartonFile::open(c));
  ASSERT_EQ(::symlink("/etc", (d + "/misc/dir").c_str()), 0);
  EXPECT_CODE(Code::Policy, "`misc/dir`", CartonFile::open(d));
}

TEST(CartonDirectory, a_file_swapped_after_open_is_never_used_in_place_of_the_checked_one) {
  TempDir dir;
  CartonBuilder builder;
  builder.write_directory(dir / "c");
  auto carton = CartonFile::open(dir / "c");
  auto range = carton->range("model/weights.bin");
  write_file(dir / "other", std::string(1000, 'e'));
  ASSERT_EQ(::rename((dir / "other").c_str(), (dir / "c/model/weights.bin").c_str()), 0);
  EXPECT_EQ(carton->read("model/weights.bin", 1 << 20), std::string(1000, 'w'));  // the descriptor of range()
  char byte;
  ASSERT_EQ(::pread(range->fd, &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'w');
  // Opened only now: a link in place of the file, then in place of its folder.
  ASSERT_EQ(::unlink((dir / "c/model/sub/config.json").c_str()), 0);
  ASSERT_EQ(::symlink("/etc/passwd", (dir / "c/model/sub/config.json").c_str()), 0);
  EXPECT_CODE(Code::Policy, "symbolic link", carton->read("model/sub/config.json", 100));
  ASSERT_EQ(::rename((dir / "c/misc").c_str(), (dir / "c/moved").c_str()), 0);
  ASSERT_EQ(::symlink("moved", (dir / "c/misc").c_str()), 0);
  EXPECT_CODE(Code::Policy, "symbolic link", carton->read("misc/read me.txt", 100));
}

TEST(CartonDirectory, a_file_that_grew_is_an_integrity_error) {
  TempDir dir;
  CartonBuilder().write_directory(dir / "c");
  auto carton = CartonFile::open(dir / "c");
  write_file(dir / "c/model/weights.bin", std::string(1001, 'w'));
  EXPECT_CODE(Code::Integrity, "had 1000 bytes", carton->read("model/weights.bin", 1 << 20));
}

TEST(CartonDirectory, too_many_files_and_odd_names) {
  TempDir dir;
  CartonBuilder().write_directory(dir / "c");
  format::Limits limits;
  limits.entries = 5;
  EXPECT_CODE(Code::Limit, "number of files and folders", CartonFile::open(dir / "c", limits));
  write_file(dir / "c/model/a:b", "x");
  EXPECT_CODE(Code::Format, "colon", CartonFile::open(dir / "c"));
}

// What a reader of the whole carton sees, or the code of the error that stops it.
std::string meaning(const std::string& path) {
  try {
    auto carton = CartonFile::open(path);
    std::string out = carton->json();
    for (const FileEntry& file : carton->files()) out += carton->read(file.path, 1 << 20);
    return out;
  } catch (const Error& error) {
    EXPECT_NE(error.code(), Code::Internal) << error.message();
    return "";
  }
}

TEST(CartonSweep, no_prefix_is_accepted_and_no_flipped_bit_changes_what_is_read) {
  TempDir dir;
  CartonBuilder builder;
  builder.files["model/weights.bin"] = "weights";
  builder.files["model/link"] = builder.files["model/weights.bin"];
  auto items = builder.items();
  for (auto& one : items) {
    if (one.central.name == "model/link") one = test::link_item("model/link", "weights.bin");
  }
  std::string good = test::build_zip(items), path = dir / "c";
  write_file(path, good);
  std::string expected = meaning(path);
  ASSERT_NE(expected, "");
  for (size_t cut = 0; cut < good.size(); ++cut) {
    write_file(path, good.substr(0, cut));
    EXPECT_EQ(meaning(path), "") << "cut at " << cut;
  }
  for (size_t i = 0; i < good.size(); ++i) {
    std::string flipped = good;
    flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
    write_file(path, flipped);
    std::string got = meaning(path);
    EXPECT_TRUE(got.empty() || got == expected) << "byte " << i;
  }
}

}  // namespace
}  // namespace carton
