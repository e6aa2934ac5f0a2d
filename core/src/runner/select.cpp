#include "runner/select.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "base/strings.h"
#include "format/semver.h"
#include "runner/pip_requirement.h"

namespace carton {
namespace {

constexpr size_t kMaxListed = 20;

format::VersionReq parse_requirement(const std::string& requirement) {
  try {
    return format::VersionReq::parse(requirement);
  } catch (const Error& error) {
    throw Error(Code::Invalid, text("required framework version: ", error.message()),
                "give a semver requirement such as `=2.13` or `>=2.1, <3`");
  }
}

// Why `runner` does not serve `wanted`; "" when it does.
std::string misfit(const InstalledRunner& runner, const RunnerRequirement& wanted,
                   const format::VersionReq& requirement) {
  if (runner.name != wanted.name) return "another runner";
  if (!requirement.matches(format::Version::parse(runner.framework_version))) {
    return text("its version is not within ", carton::quoted(requirement.text()));
  }
  if (wanted.compat_version && runner.compat_version != *wanted.compat_version) {
    return text("it reads compat version ", runner.compat_version, ", not ", *wanted.compat_version);
  }
  return unusable_reason(runner);
}

bool is_better(const InstalledRunner& a, const InstalledRunner& b) {
  if (a.released_us != b.released_us) return a.released_us > b.released_us;
  auto order = format::compare(format::Version::parse(a.framework_version),
                               format::Version::parse(b.framework_version));
  if (order != 0) return order > 0;
  return a.program < b.program;
}

std::string list_misfits(const InstalledRunners& installed, const RunnerRequirement& wanted,
                         const format::VersionReq& requirement) {
  std::vector<std::string> lines;
  for (const InstalledRunner& runner : installed.runners) {
    lines.push_back(text(printable(runner.name), " ", runner.framework_version, ": ",
                         misfit(runner, wanted, requirement)));
  }
  for (const SkippedPath& skipped : installed.skipped) {
    lines.push_back(text(carton::quoted(skipped.path), " was skipped: ", skipped.reason));
  }
  if (lines.empty()) return " none";
  std::string out;
  for (size_t i = 0; i < lines.size() && i < kMaxListed; ++i) out += "\n  " + lines[i];
  if (lines.size() > kMaxListed) out += text("\n  and ", lines.size() - kMaxListed, " more");
  return out;
}

std::string hint_for(const RunnerRequirement& wanted, const format::VersionReq& requirement,
                     const std::string& runner_dir) {
  if (wanted.name == "torchscript") {
    return text(
        "install a torch that fits, `pip install \"", pip_requirement("torch", requirement),
        "\"`, then build its runner, `carton runner build torchscript --torch PATH`, where PATH is the "
        "installed `torch` folder");
  }
  return text("install a runner named ", carton::quoted(wanted.name), " in a folder of ",
              carton::quoted(runner_dir),
              ", or set CARTON_RUNNER_DIR to where it is; `carton runners` shows what is found");
}

}  // namespace

std::string host_platform() {
#if defined(__x86_64__)
  const std::string architecture = "x86_64";
#elif defined(__aarch64__)
  const std::string architecture = "aarch64";
#else
#error "add the target triple of this architecture"
#endif
#if defined(__GLIBC__)
  return architecture + "-unknown-linux-gnu";
#else
  return architecture + "-unknown-linux-musl";
#endif
}

std::string unusable_reason(const InstalledRunner& runner) {
  if (runner.platform != host_platform()) {
    return text("it is for ", printable(runner.platform), ", and this is ", host_platform());
  }
  if (runner.interface_version != kInterfaceVersion) {
    return text("it speaks runner interface ", runner.interface_version, ", and this library ",
                kInterfaceVersion);
  }
  std::error_code ignored;
  for (const std::string& folder : runner.library_dirs) {
    if (!std::filesystem::is_directory(folder, ignored)) {
      return text("the libraries it was built with are gone from ", carton::quoted(folder));
    }
  }
  return "";
}

const InstalledRunner& select_runner(const InstalledRunners& installed, const RunnerRequirement& wanted) {
  const format::VersionReq requirement = parse_requirement(wanted.framework_version);
  const InstalledRunner* best = nullptr;
  for (const InstalledRunner& runner : installed.runners) {
    if (!misfit(runner, wanted, requirement).empty()) continue;
    if (best == nullptr || is_better(runner, *best)) best = &runner;
  }
  if (best != nullptr) return *best;
  std::string message =
      text("no installed runner serves ", carton::quoted(wanted.name), " ", requirement.text());
  if (wanted.compat_version) message += text(" with compat version ", *wanted.compat_version);
  message += text(" on ", host_platform(), "; installed in ", carton::quoted(installed.runner_dir), ":",
                  list_misfits(installed, wanted, requirement));
  throw Error(Code::NoRunner, message, hint_for(wanted, requirement, installed.runner_dir));
}

std::string runners_json(const InstalledRunners& installed) {
  using nlohmann::json;
  json runners = json::array();
  for (const InstalledRunner& runner : installed.runners) {
    runners.push_back({{"name", runner.name},
                       {"framework_version", runner.framework_version},
                       {"compat", runner.compat_version},
                       {"interface", runner.interface_version},
                       {"release_date", runner.release_date},
                       {"platform", runner.platform},
                       {"path", runner.program},
                       {"usable", unusable_reason(runner).empty()},
                       {"unusable_reason", unusable_reason(runner)}});
  }
  json skipped = json::array();
  for (const SkippedPath& one : installed.skipped)
    skipped.push_back({{"path", one.path}, {"reason", one.reason}});
  json out{{"runner_dir", installed.runner_dir}, {"runners", runners}, {"skipped", skipped}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);  // paths may be any bytes
}

}  // namespace carton
