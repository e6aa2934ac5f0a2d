#include "runner/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <span>
#include <system_error>

#include "base/fd.h"
#include "base/strings.h"
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

Fd above_standard(Fd fd) {
  Fd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kLowestSafeFd));
  if (!moved) throw_os("start runner: dup");
  return moved;
}

// ---- Ends of pipes and of the control socket: the host's and the child's

struct Channel {
  Fd host, child;
};

Channel output_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_os("start runner: pipe");
  Channel channel{Fd(ends[0]), Fd(ends[1])};
  if (::fcntl(channel.host.get(), F_SETFL, O_NONBLOCK) != 0) throw_os("start runner: fcntl");
  channel.child = above_standard(std::move(channel.child));
  return channel;
}

Channel control_socket() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw_os("start runner: socketpair");
  Channel channel{Fd(ends[0]), Fd(ends[1])};
  channel.child = above_standard(std::move(channel.child));
  return channel;
}

// ---- The private folder

class PrivateFolder {
 public:
  PrivateFolder() {
    std::error_code error;
    std::filesystem::path base = std::filesystem::temp_directory_path(error);
    if (error) base = "/tmp";  // $TMPDIR names no folder
    path_ = std::filesystem::absolute(base / "carton-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) {
      int cause = errno;
      path_.clear();
      throw os_error(text("start runner: make a folder in ", carton::quoted(base.string())), cause);
    }
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder() {  // empty still; rmdir works without a free descriptor
    if (!path_.empty()) ::rmdir(path_.c_str());
  }
  const std::string& path() const { return path_; }
  std::string release() { return std::exchange(path_, {}); }

 private:
  std::string path_;
};

// ---- The stub as something that can be executed

std::span<const unsigned char> stub_image() { return {carton_stub_begin, carton_stub_end}; }

void write_stub(int fd) {
  for (auto rest = stub_image(); !rest.empty();) {
    ssize_t n = ::write(fd, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw_os("start runner: write the stub");
    rest = rest.subspan(static_cast<size_t>(n));
  }
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

struct SpawnRequest {
  std::vector<std::string> arguments, environment;
  int out = -1, err = -1, control = -1;
};

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

// The pid may already be free again if somebody else reaped the child (SIGCHLD ignored, a thread that
// waits for any child), and even belong to a stranger: only a child of ours counts.
Fd open_pidfd(pid_t pid) {
  Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd && errno == ESRCH) return fd;
  if (!fd) {
    int cause = errno;
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    throw os_error("start runner: pidfd_open (needs Linux 5.3)", cause);
  }
  siginfo_t info{};
  int result = ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(fd.get()), &info,
                        WEXITED | WNOHANG | WNOWAIT);
  return result == 0 ? std::move(fd) : Fd();
}

std::vector<std::string> stub_arguments(const LaunchSpec& spec, const std::string& folder) {
  std::vector<std::string> out{
      "carton-stub", CARTON_STUB_DIRECTORY + (spec.directory.empty() ? folder : spec.directory),
      CARTON_STUB_MEMORY + std::to_string(spec.memory), CARTON_STUB_END, spec.program};
  out.insert(out.end(), spec.arguments.begin(), spec.arguments.end());
  return out;
}

}  // namespace

Process launch(const LaunchSpec& spec) {
  PrivateFolder folder;
  Channel control = control_socket();
  Channel out = output_pipe();
  Channel err = output_pipe();
  SpawnRequest request{stub_arguments(spec, folder.path()),
                       runner_environment(folder.path(), spec.visible_devices, spec.environment),
                       out.child.get(), err.child.get(), control.child.get()};
  Process::Parts parts;
  parts.pid = spawn_stub(folder.path(), request);
  parts.pidfd = open_pidfd(parts.pid);
  parts.control = std::move(control.host);
  parts.out = std::move(out.host);
  parts.err = std::move(err.host);
  parts.directory = folder.release();
  return Process(std::move(parts));
}

std::vector<std::string> runner_environment(
    const std::string& home, const std::string& visible_devices,
    const std::vector<std::pair<std::string, std::string>>& additions) {
  std::vector<std::pair<std::string, std::string>> variables{{"CUDA_VISIBLE_DEVICES", visible_devices},
                                                             {"HOME", home},
                                                             {"LANG", "C.UTF-8"},
                                                             {"PATH", "/usr/bin:/bin"},
                                                             {"TMPDIR", home}};
  for (const auto& [name, value] : additions) {
    std::erase_if(variables, [&](const auto& variable) { return variable.first == name; });
    variables.emplace_back(name, value);
  }
  std::vector<std::string> out;
  for (const auto& [name, value] : variables) out.push_back(text(name, "=", value));
  return out;
}

Error start_error(const std::string& program, std::string_view step, int errno_value, std::string log) {
  std::string what = text("runner ", carton::quoted(program), " could not be started: ");
  if (step != "execve") {
    what += text(step, ": ", ::strerror(errno_value));
    return Error(Code::RunnerStart, what, "this is a limit of the system or container, not of the runner",
                 std::move(log));
  }
  what += ::strerror(errno_value);
  std::error_code ignored;
  std::string hint = "install the runner again";
  if (errno_value == ENOENT && std::filesystem::exists(program, ignored)) {
    what += " (the file is there; the interpreter or loader that it names is not)";
  } else if (errno_value == EACCES) {
    hint = "make it executable (chmod +x), and its file system not noexec; or install the runner again";
  } else if (errno_value == ENOEXEC) {
    what += " (the file is damaged, or for another kind of machine)";
  }
  return Error(Code::RunnerStart, what, hint, std::move(log));
}

}  // namespace carton
