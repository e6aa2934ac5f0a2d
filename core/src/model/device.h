// Which GPU, if any, a runner may see. Decided without touching a driver: initialising CUDA in the
// host would cost seconds and memory there.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace carton {

struct Device {
  std::string kind;             // "cpu" or "cuda"
  std::string visible_devices;  // CUDA_VISIBLE_DEVICES: "", an index, or a UUID
};

// `wanted`: nullopt (GPU 0 if there is one), "cpu" in any case, an index, or "GPU-..." / "MIG-...".
// An index without such a device warns and falls back to the CPU, as existing Carton does. Throws
// INVALID for anything else. `device_folder` is where the driver's nodes lie ("/dev").
Device choose_device(const std::optional<std::string>& wanted,
                     const std::function<void(const std::string&)>& warn,
                     const std::string& device_folder = "/dev");

}  // namespace carton
