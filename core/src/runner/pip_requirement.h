// A semver requirement as pip understands it, for hints.
#pragma once

#include <string>

#include "format/semver.h"

namespace carton {

// `torch==2.13.*` for "=2.13", `torch>=2.1,<3` for "^2.1": the versions of `package` that `requirement`
// allows, pre-releases aside.
std::string pip_requirement(const std::string& package, const format::VersionReq& requirement);

}  // namespace carton
