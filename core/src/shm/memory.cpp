#include "shm/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/strings.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace carton::shm {
namespace {

constexpr uint64_t kPage = 4096;
constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;

}  // namespace

Fd create_sealed(const char* name, uint64_t size) {
  Fd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) throw os_error("memfd_create", errno);
  // Beyond this limit the kernel would not only refuse, but end the process (SIGXFSZ).
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && size > limit.rlim_cur) {
    throw Error(Code::NoMemory,
                text("shared memory of ", size, " bytes exceeds the limit of file sizes, ", limit.rlim_cur),
                "raise the limit (ulimit -f), or load with a smaller region_capacity");
  }
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
    throw os_error(text("size shared memory to ", size, " bytes"), errno);
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, kSizeSeals) != 0) throw os_error("seal shared memory", errno);
  return fd;
}

void seal_future_writes(int fd) {
  // Kernels before 5.1 lack the write seal; the size seals are what memory safety rests on.
  if (::fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) != 0 && errno != EINVAL) {
    throw os_error("seal shared memory against writes", errno);
  }
  if (::fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL) != 0) throw os_error("seal shared memory", errno);
}

bool is_sealed(int fd, uint64_t size) {
  int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & kSizeSeals) != kSizeSeals) return false;
  struct stat info {};
  return ::fstat(fd, &info) == 0 && static_cast<uint64_t>(info.st_size) >= size;
}

Mapping::Mapping(int fd, uint64_t offset, uint64_t size, Access access) : size_(size) {
  int protection = PROT_NONE, flags = MAP_SHARED;
  if (access == Access::SharedRead) protection = PROT_READ;
  if (access == Access::SharedWrite) protection = PROT_READ | PROT_WRITE;
  // PROT_NONE: a private writable mapping of the whole region would count against RLIMIT_DATA.
  if (access == Access::PrivateLater) flags = MAP_PRIVATE | MAP_NORESERVE;
  void* memory = ::mmap(nullptr, size, protection, flags, fd, static_cast<off_t>(offset));
  if (memory == MAP_FAILED) {
    throw Error(Code::NoMemory, text("cannot map ", size, " bytes of shared memory: ", std::strerror(errno)),
                "raise the limit of address space (ulimit -v), or load with a smaller region_capacity");
  }
  data_ = static_cast<std::byte*>(memory);
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

void Mapping::make_writable(uint64_t offset, uint64_t size) {
  if (::mprotect(data_ + offset, size, PROT_READ | PROT_WRITE) != 0) {
    throw Error(Code::NoMemory,
                text("cannot make ", size, " bytes of the request region usable (errno ", errno, ")"));
  }
}

void Mapping::drop_private_pages(uint64_t offset, uint64_t size) {
  if (size == 0) return;
  uint64_t begin = offset / kPage * kPage;
  uint64_t end = (offset + size + kPage - 1) / kPage * kPage;
  ::madvise(data_ + begin, end - begin, MADV_DONTNEED);
}

}  // namespace carton::shm
