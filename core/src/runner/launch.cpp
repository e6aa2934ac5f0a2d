#include "runner/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/fd.h"
#include "base/strings.h"
#include "runner/spawn.h"
#include "runner/stub/stub.h"

namespace carton {
namespace {

[[noreturn]] void throw_os(std::string_view what) { throw os_error(what, errno); }

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
    std::error_code unusable;
    std::filesystem::path base = std::filesystem::temp_directory_path(unusable);
    if (unusable) base = "/tmp";  // $TMPDIR names no folder
    path_ = std::filesystem::absolute(base / "carton-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) {
      int cause = errno;
      path_.clear();
      const Error error =
          os_error(text("start runner: make a folder in ", carton::quoted(base.string())), cause);
      throw Error(error.code(), error.message(),
                  "set TMPDIR to a folder that can be written to, with free space");
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
    what += text(printable(step.substr(0, 64)), ": ", ::strerror(errno_value));  // a runner may have sent it
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
