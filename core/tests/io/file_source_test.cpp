#include "io/file_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include "support/carton_builder.h"
#include "support/expect_code.h"

namespace carton {
namespace {

std::string read(const Source& source, uint64_t offset, uint64_t length) {
  std::string out(length, '\0');
  source.read_at(offset, reinterpret_cast<std::byte*>(out.data()), length);
  return out;
}

TEST(FileSource, reads_any_range) {
  test::TempDir dir;
  test::write_file(dir / "f", "0123456789");
  auto source = FileSource::open(dir / "f");
  EXPECT_EQ(source->size(), 10u);
  EXPECT_EQ(read(*source, 3, 4), "3456");
  EXPECT_EQ(read(*source, 10, 0), "");
  EXPECT_CODE(Code::Io, "at offset 8", read(*source, 8, 3));
  EXPECT_CODE(Code::Io, "at offset", read(*source, UINT64_MAX, 2));
}

TEST(FileSource, refuses_at_once_what_is_no_regular_file) {
  test::TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_CODE(Code::Io, "a fifo", FileSource::open(dir / "fifo"));
  EXPECT_CODE(Code::Io, "a directory", FileSource::open(dir.path()));
  EXPECT_CODE(Code::Io, "a character device", FileSource::open("/dev/zero"));
  EXPECT_CODE(Code::Io, "No such file", FileSource::open(dir / "missing"));
}

TEST(FileSource, a_file_shortened_while_open_is_an_io_error) {
  test::TempDir dir;
  test::write_file(dir / "f", std::string(10000, 'x'));
  auto source = FileSource::open(dir / "f");
  ASSERT_EQ(::truncate((dir / "f").c_str(), 5000), 0);
  EXPECT_EQ(read(*source, 0, 5000), std::string(5000, 'x'));
  EXPECT_CODE(Code::Io, "ends at offset 5000", read(*source, 4000, 2000));
}

TEST(FileSource, identity_changes_with_the_content) {
  test::TempDir dir;
  test::write_file(dir / "f", "one");
  auto source = FileSource::open(dir / "f");
  std::string before = source->identity();
  EXPECT_EQ(FileSource::open(dir / "f")->identity(), before);
  test::write_file(dir / "f", "other");
  EXPECT_NE(source->identity(), before);
}

}  // namespace
}  // namespace carton
