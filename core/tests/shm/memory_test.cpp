#include "shm/memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

namespace carton::shm {
namespace {

constexpr uint64_t kSize = 1 << 20;

TEST(SealedMemory, CannotBeResized) {
  Fd fd = create_sealed("test", kSize);
  EXPECT_NE(::ftruncate(fd.get(), 0), 0);
  EXPECT_NE(::ftruncate(fd.get(), 2 * kSize), 0);
  EXPECT_TRUE(is_sealed(fd.get(), kSize));
  EXPECT_FALSE(is_sealed(fd.get(), kSize + 1));
}

TEST(SealedMemory, APeerCannotMapItForWritingOnceSealed) {
  Fd fd = create_sealed("test", kSize);
  Mapping own(fd.get(), 0, kSize, Access::SharedWrite);
  seal_future_writes(fd.get());
  own.data()[0] = std::byte{42};  // the maker still writes
  EXPECT_EQ(::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0), MAP_FAILED);
  EXPECT_NE(::write(fd.get(), "x", 1), 1);
  Mapping peer(fd.get(), 0, kSize, Access::SharedRead);
  EXPECT_EQ(peer.data()[0], std::byte{42});
}

TEST(SealedMemory, BeyondTheLimitOfFileSizesIsAnErrorAndNoSignal) {
  pid_t child = ::fork();
  if (child == 0) {
    rlimit limit{kSize, kSize};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      create_sealed("test", 2 * kSize);
    } catch (const Error& error) {
      ::_exit(error.code() == Code::NoMemory ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(SealedMemory, PipesAndFilesAreNotTaken) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Fd read_end(ends[0]), write_end(ends[1]);
  EXPECT_FALSE(is_sealed(read_end.get(), 0));
  Fd file(::open("/proc/self/exe", O_RDONLY));
  EXPECT_FALSE(is_sealed(file.get(), 0));
  Fd unsealed(::memfd_create("test", MFD_ALLOW_SEALING));
  EXPECT_FALSE(is_sealed(unsealed.get(), 0));
}

TEST(PrivateMapping, KeepsItsWritesToItselfUntilTheyAreDropped) {
  Fd fd = create_sealed("test", kSize);
  Mapping owner(fd.get(), 0, kSize, Access::SharedWrite);
  Mapping peer(fd.get(), 0, kSize, Access::PrivateLater);
  peer.make_writable(0, kSize);
  owner.data()[5000] = std::byte{1};
  EXPECT_EQ(peer.data()[5000], std::byte{1});
  peer.data()[5000] = std::byte{9};
  EXPECT_EQ(owner.data()[5000], std::byte{1});
  owner.data()[5000] = std::byte{2};
  EXPECT_EQ(peer.data()[5000], std::byte{9});
  peer.drop_private_pages(5000, 1);
  EXPECT_EQ(peer.data()[5000], std::byte{2});
}

}  // namespace
}  // namespace carton::shm
