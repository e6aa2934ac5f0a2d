#include "model/handover.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/carton_builder.h"
#include "support/expect_code.h"

namespace carton {
namespace {

namespace fs = std::filesystem;

struct HandoverTest : testing::Test {
  test::TempDir folder;
  test::CartonBuilder builder;
  std::string carton = folder / "m.carton";
  std::string cache_dir = folder / "cache";

  Handover prepare(Verify verify = Verify::Once) {
    file = CartonFile::open(carton);
    return Handover::prepare(*file, Cache(cache_dir), verify);
  }
  void write() { test::write_file(carton, builder.zip()); }
  static std::string content(const Handover::Item& item) {
    std::string out(item.range.size, '\0');
    EXPECT_EQ(::pread(item.range.fd, out.data(), out.size(), static_cast<off_t>(item.range.offset)),
              static_cast<ssize_t>(out.size()));
    return out;
  }
  std::shared_ptr<CartonFile> file;
};

TEST_F(HandoverTest, StoredFilesAreRangesOfTheCartonItself) {
  write();
  auto handover = prepare();
  ASSERT_EQ(handover.items().size(), 2u);
  EXPECT_EQ(handover.items()[1].name, "weights.bin");
  EXPECT_EQ(content(handover.items()[1]), builder.files["model/weights.bin"]);
  struct stat a {
  }, b{};
  ::fstat(handover.items()[1].range.fd, &a);
  ::stat(carton.c_str(), &b);
  EXPECT_EQ(a.st_ino, b.st_ino);
  EXPECT_FALSE(fs::exists(fs::path(cache_dir) / "blobs"));
}

TEST_F(HandoverTest, SmallCompressedFilesNeverTouchTheDisk) {
  builder.methods["model/weights.bin"] = 93;
  builder.methods["model/sub/config.json"] = 8;
  write();
  auto handover = prepare();
  EXPECT_EQ(content(handover.items()[0]), "{}");
  EXPECT_EQ(content(handover.items()[1]), builder.files["model/weights.bin"]);
  EXPECT_FALSE(fs::exists(fs::path(cache_dir) / "blobs"));
  EXPECT_NE(::pwrite(handover.items()[0].range.fd, "x", 1, 0), 1);  // sealed
}

TEST_F(HandoverTest, LargeCompressedFilesGoToTheCacheByTheirHash) {
  builder.files["model/weights.bin"] = std::string(9 << 20, 'z');
  builder.methods["model/weights.bin"] = 93;
  write();
  auto handover = prepare();
  EXPECT_EQ(content(handover.items()[1]), builder.files["model/weights.bin"]);
  fs::path blob =
      fs::path(cache_dir) / "blobs" / "sha256" / test::sha256_of(builder.files["model/weights.bin"]);
  ASSERT_TRUE(fs::exists(blob));
  EXPECT_EQ(fs::status(blob).permissions() & fs::perms::mask, fs::perms(0444));

  // A damaged entry is noticed and made anew, not run.
  fs::permissions(blob, fs::perms(0644));
  test::write_file(blob.string(), std::string(9 << 20, 'y'));
  EXPECT_EQ(content(prepare().items()[1]), builder.files["model/weights.bin"]);
}

TEST_F(HandoverTest, AWrongByteIsAnIntegrityErrorBeforeAnythingIsHandedOver) {
  std::string zip = builder.zip();
  zip[zip.find("wwww")] = 'x';
  test::write_file(carton, zip);
  EXPECT_CODE(Code::Integrity, "model/weights.bin", prepare());
  EXPECT_CODE(Code::Integrity, "model/weights.bin", prepare());  // nothing was remembered
}

TEST_F(HandoverTest, HashingAndUnpackingEndAtTheDeadlineAndLeaveNothingInTheCache) {
  int64_t past = shm::now_ns();
  write();
  file = CartonFile::open(carton);
  EXPECT_CODE(Code::RunnerTimeout, "verified",
              Handover::prepare(*file, Cache(cache_dir), Verify::Once, past));
  builder.files["model/weights.bin"] = std::string(9 << 20, 'z');
  builder.methods["model/weights.bin"] = 93;
  write();
  file = CartonFile::open(carton);
  EXPECT_CODE(Code::RunnerTimeout, "verified",
              Handover::prepare(*file, Cache(cache_dir), Verify::Never, past));
  EXPECT_TRUE(fs::is_empty(fs::path(cache_dir) / "blobs" / "sha256"));
  EXPECT_EQ(content(prepare().items()[1]), builder.files["model/weights.bin"]);
}

TEST_F(HandoverTest, AVerifiedFileIsNotHashedAgainUntilItChanges) {
  write();
  prepare();
  Cache cache(cache_dir);
  EXPECT_TRUE(cache.was_verified(file->identity(), file->manifest_sha256()));
  ::usleep(20'000);  // the identity holds the change time, whose clock ticks in milliseconds
  std::string zip = builder.zip();
  zip[zip.find("wwww")] = 'x';
  test::write_file(carton, zip);
  EXPECT_CODE(Code::Integrity, "model/weights.bin", prepare());
}

TEST_F(HandoverTest, AlwaysHashesEvenAVerifiedFile) {
  std::string zip = builder.zip();
  zip[zip.find("wwww")] = 'x';
  test::write_file(carton, zip);
  file = CartonFile::open(carton);
  Cache(cache_dir).remember_verified(file->identity(), file->manifest_sha256());
  prepare(Verify::Once);
  prepare(Verify::Never);
  EXPECT_CODE(Code::Integrity, "model/weights.bin", prepare(Verify::Always));
}

TEST_F(HandoverTest, ACacheThatCannotBeWrittenOnlyCostsTime) {
  write();
  test::write_file(cache_dir, "a file where the folder should be");
  EXPECT_EQ(prepare().items().size(), 2u);
}

TEST_F(HandoverTest, LinkedFilesAreUnsupportedByName) {
  builder.linked["model/big.bin"] = test::sha256_of("big");
  builder.links = "version = 1\n[urls]\n" + test::sha256_of("big") + " = ['https://example.com/big.bin']\n";
  write();
  EXPECT_CODE(Code::Unsupported, "`model/big.bin`", prepare());
}

}  // namespace
}  // namespace carton
