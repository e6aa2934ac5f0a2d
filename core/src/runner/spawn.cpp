#include "runner/spawn.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/strings.h"
#include "base/write_all.h"
#include "runner/stub/stub.h"

extern "C" {
extern const unsigned char carton_stub_begin[];
extern const unsigned char carton_stub_end[];
}

namespace carton {
namespace {

// Descriptors that the child takes over are kept above those it takes them over to.
constexpr int kLowestSafeFd = 16;

// Linux 6.3; needed where vm.memfd_noexec makes memfds not executable by default.
constexpr unsigned kMfdExec = 0x10U;

[[noreturn]] void throw_os(std::string_view what) { throw os_error(what, errno); }

// ---- The stub as something that can be executed

std::span<const unsigned char> stub_image() { return {carton_stub_begin, carton_stub_end}; }

void write_stub(int fd) {
  const auto image = std::as_bytes(stub_image());
  write_all(fd, image.data(), image.size(), "start runner: write the stub");
}

// Empty when the system does not allow executable memfds.
Fd stub_in_memory() {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  Fd fd(::memfd_create("carton-stub", flags | kMfdExec));
  if (!fd && errno == EINVAL) fd = Fd(::memfd_create("carton-stub", flags));
  if (!fd && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) throw_os("start runner: memfd_create");
  if (!fd) return fd;
  write_stub(fd.get());
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
    return Fd();
  return above_standard(std::move(fd));
}

class StubFile {
 public:
  explicit StubFile(const std::string& folder) : path_(folder + "/.carton-stub") {
    Fd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700));
    if (!fd) throw_os(text("start runner: create ", carton::quoted(path_)));
    try {
      write_stub(fd.get());
    } catch (...) {
      ::unlink(path_.c_str());
      throw;
    }
  }
  StubFile(const StubFile&) = delete;
  StubFile& operator=(const StubFile&) = delete;
  ~StubFile() { ::unlink(path_.c_str()); }
  const char* path() const { return path_.c_str(); }

 private:
  std::string path_;
};

// ---- posix_spawn

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& t : texts) out.push_back(t.data());
  out.push_back(nullptr);
  return out;
}

class FileActions {
 public:
  FileActions(const SpawnRequest& request) {
    ::posix_spawn_file_actions_init(&actions_);
    check(::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0));
    check(::posix_spawn_file_actions_adddup2(&actions_, request.out, 1));
    check(::posix_spawn_file_actions_adddup2(&actions_, request.err, 2));
    check(::posix_spawn_file_actions_adddup2(&actions_, request.control, CARTON_STUB_CONTROL_FD));
  }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  static void check(int error) {
    if (error != 0) throw os_error("start runner: posix_spawn_file_actions", error);
  }
  posix_spawn_file_actions_t actions_;
};

// 0, or why `executable` could not be started as the leader of a session of its own.
int spawn(const char* executable, SpawnRequest& request, pid_t* pid) {
  FileActions actions(request);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  int error = ::posix_spawn(pid, executable, actions.get(), &attributes, pointers(request.arguments).data(),
                            pointers(request.environment).data());
  ::posix_spawnattr_destroy(&attributes);
  return error;
}

bool execution_refused(int error) {
  return error == EACCES || error == EPERM || error == ENOENT || error == ENOEXEC || error == ENOSYS;
}

int spawn_from_folder(const std::string& folder, SpawnRequest& request, pid_t* pid) {
  StubFile stub(folder);
  int error;
  int tries = 0;
  do {  // ETXTBSY: another thread's fork holds a copy of the descriptor we wrote through, until it execs
    if (tries > 0) ::usleep(1000);
    error = spawn(stub.path(), request, pid);
  } while (error == ETXTBSY && ++tries < 1000);
  return error;
}

}  // namespace

Fd above_standard(Fd fd) {
  Fd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kLowestSafeFd));
  if (!moved) throw_os("start runner: dup");
  return moved;
}

pid_t spawn_stub(const std::string& folder, SpawnRequest& request) {
  pid_t pid = 0;
  int error = ENOSYS;
  if (Fd memory = stub_in_memory())
    error = spawn(text("/proc/self/fd/", memory.get()).c_str(), request, &pid);
  if (execution_refused(error)) error = spawn_from_folder(folder, request, &pid);
  if (error == 0) return pid;
  if (error == ENOMEM) throw os_error("start runner: posix_spawn", error);
  std::string hint;
  if (error == EAGAIN) hint = "the limit of processes is used up (ulimit -u, or the container's pids limit)";
  if (execution_refused(error)) {
    hint = text("programs can be executed neither from memory nor in ", carton::quoted(folder),
                "; set TMPDIR to a folder on a file system that is not mounted noexec");
  }
  throw Error(Code::RunnerStart, text("start runner: posix_spawn: ", ::strerror(error)), hint);
}

}  // namespace carton
