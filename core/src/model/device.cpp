#include "model/device.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/strings.h"

namespace carton {
namespace {

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool is_index(const std::string& value) {
  return !value.empty() && value.size() <= 4 &&
         std::all_of(value.begin(), value.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool is_cpu(const std::string& value) {
  std::string lower(value);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower == "cpu";
}

bool has_prefix(const std::string& value, const char* prefix) { return value.rfind(prefix, 0) == 0; }

}  // namespace

Device choose_device(const std::optional<std::string>& wanted,
                     const std::function<void(const std::string&)>& warn, const std::string& device_folder) {
  const Device cpu{"cpu", ""};
  if (!wanted) return exists(device_folder + "/nvidia0") ? Device{"cuda", "0"} : cpu;
  if (is_cpu(*wanted)) return cpu;
  if (is_index(*wanted)) {
    if (exists(device_folder + "/nvidia" + *wanted)) return {"cuda", *wanted};
    warn(text("there is no GPU ", *wanted, " on this machine; using the CPU"));
    return cpu;
  }
  if (has_prefix(*wanted, "GPU-") || has_prefix(*wanted, "MIG-")) {
    if (exists(device_folder + "/nvidiactl")) return {"cuda", *wanted};
    warn(text("there is no GPU on this machine, ", quoted(*wanted), " neither; using the CPU"));
    return cpu;
  }
  throw Error(Code::Invalid, text("visible_device must be \"cpu\", an index, or a UUID such as GPU-..., got ",
                                  quoted(*wanted)));
}

}  // namespace carton
