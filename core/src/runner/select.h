// Which installed runner serves a carton. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runner/discovery.h"

namespace carton {

struct RunnerRequirement {
  std::string name;                        // "torchscript"
  std::string framework_version;           // a semver requirement: "=2.13"
  std::optional<uint64_t> compat_version;  // of the stored form in model/; none: any
};

// The triple of the machine this library was built for: "x86_64-unknown-linux-gnu".
std::string host_platform();

// Why `runner` can serve nothing on this machine (platform, interface, missing libraries); "" when it can.
std::string unusable_reason(const InstalledRunner& runner);

// Name, requirement, compat version, platform and interface must fit; of those that do, the newest
// release date wins, then the highest framework version, then the first path. Throws NO_RUNNER, which
// lists what is installed and why it does not fit, or INVALID for a requirement that is not semver.
const InstalledRunner& select_runner(const InstalledRunners& installed, const RunnerRequirement& wanted);

// {"runner_dir", "runners": [{"name", "framework_version", "compat", "interface", "release_date",
//  "platform", "path", "usable", "unusable_reason"}], "skipped": [{"path", "reason"}]}
std::string runners_json(const InstalledRunners& installed);

}  // namespace carton
