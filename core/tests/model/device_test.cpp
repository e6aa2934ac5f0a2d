#include "model/device.h"

#include <gtest/gtest.h>

#include "support/carton_builder.h"
#include "support/expect_code.h"

namespace carton {
namespace {

struct DeviceTest : testing::Test {
  test::TempDir none, one;
  std::vector<std::string> warnings;
  DeviceTest() {
    test::write_file(one / "nvidia0", "");
    test::write_file(one / "nvidiactl", "");
  }
  Device choose(const std::optional<std::string>& wanted, const test::TempDir& nodes) {
    return choose_device(
        wanted, [&](const std::string& text) { warnings.push_back(text); }, nodes.path());
  }
};

TEST_F(DeviceTest, DefaultsToTheFirstGpuElseTheCpu) {
  EXPECT_EQ(choose(std::nullopt, one).visible_devices, "0");
  EXPECT_EQ(choose(std::nullopt, one).kind, "cuda");
  EXPECT_EQ(choose(std::nullopt, none).kind, "cpu");
  EXPECT_EQ(choose(std::nullopt, none).visible_devices, "");
}

TEST_F(DeviceTest, CpuHidesEveryGpuInAnyCase) {
  for (const char* name : {"cpu", "CPU", "Cpu"}) {
    EXPECT_EQ(choose(name, one).kind, "cpu");
    EXPECT_EQ(choose(name, one).visible_devices, "");
  }
}

TEST_F(DeviceTest, AnAbsentGpuWarnsAndFallsBack) {
  EXPECT_EQ(choose("3", one).kind, "cpu");
  EXPECT_EQ(choose("GPU-1234", none).kind, "cpu");
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_NE(warnings[0].find("no GPU 3"), std::string::npos);
}

TEST_F(DeviceTest, TakesUuids) {
  EXPECT_EQ(choose("GPU-1234", one).visible_devices, "GPU-1234");
  EXPECT_EQ(choose("MIG-1234", one).visible_devices, "MIG-1234");
}

TEST_F(DeviceTest, RefusesAnythingElse) {
  EXPECT_CODE(Code::Invalid, "visible_device", choose("cuda:0", one));
  EXPECT_CODE(Code::Invalid, "visible_device", choose("", one));
  EXPECT_CODE(Code::Invalid, "visible_device", choose("-1", one));
}

}  // namespace
}  // namespace carton
