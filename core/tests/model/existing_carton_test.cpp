// A carton that the existing project's packer wrote (conformance/README.md) is read as it was meant.
#include <gtest/gtest.h>

#include "model/carton_file.h"

namespace carton {
namespace {

std::shared_ptr<CartonFile> open_existing() {
  return CartonFile::open(CARTON_CONFORMANCE_DIR "/valid/existing-carton.carton");
}

TEST(ExistingCarton, metadata_is_complete) {
  auto carton = open_existing();
  const format::Metadata& meta = carton->metadata();
  EXPECT_EQ(meta.model_name, "Reference");
  EXPECT_EQ(meta.model_description, "Line one\nline 'two'");
  EXPECT_EQ(meta.required_platforms, std::vector<std::string>{"x86_64-unknown-linux-gnu"});
  EXPECT_EQ(format::shape_spec_text(meta.input("a")->shape), "[`n`, 3]");
  EXPECT_EQ(format::shape_spec_text(meta.input("b")->shape), "any");
  EXPECT_EQ(meta.output("out")->dtype, DType::Int64);
  EXPECT_EQ(meta.runner.requirement.text(), "=2.0");
  EXPECT_EQ(std::get<int64_t>(meta.runner.opts.at("flag")), 1);  // its packer stores booleans so
  EXPECT_EQ(std::get<double>(meta.runner.opts.at("ratio")), 0.5);
  EXPECT_EQ(meta.self_tests.size(), 1u);
  EXPECT_EQ(meta.examples.size(), 1u);
}

TEST(ExistingCarton, every_file_matches_manifest_links_included) {
  auto carton = open_existing();
  EXPECT_TRUE(carton->verify().empty());
  EXPECT_EQ(carton->find("model/model.pt")->method, "zstd");
  EXPECT_EQ(carton->read("model/alias.pt", 1 << 20), carton->read("model/model.pt", 1 << 20));
}

TEST(ExistingCarton, tensors_of_self_tests_are_read) {
  auto carton = open_existing();
  for (const auto& [name, reference] : carton->metadata().self_tests.at(0).inputs) {
    Tensor tensor = carton->tensor(reference.name);
    if (name == "a") {
      EXPECT_EQ(tensor.shape, (Shape{2, 3}));
      EXPECT_EQ(reinterpret_cast<const float*>(tensor.data)[5], 1.0f);
    } else {
      EXPECT_EQ(tensor.strings->at(0), "hi");
    }
  }
}

}  // namespace
}  // namespace carton
