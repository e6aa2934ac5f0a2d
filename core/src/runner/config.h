// Where Carton keeps runners, their data, and its cache. Any thread.
#pragma once

#include <string>

namespace carton {

struct Config {                 // absolute paths; the folders need not exist
  std::string runner_dir;       // CARTON_RUNNER_DIR, `runner_dir`, ~/.carton/runners
  std::string runner_data_dir;  // CARTON_RUNNER_DATA_DIR, `runner_data_dir`, ~/.carton/runner_data
  std::string cache_dir;        // CARTON_CACHE_DIR, `cache_dir`, ~/.carton/cache
};

// For each value: the environment variable, else the key of the config file, else the default. The
// file is $CARTON_CONFIG_PATH, else ~/.carton/config.toml, which may be absent. A leading `~` is the
// home folder ($HOME, else the user database) in the environment and the defaults, but is taken
// literally in the file, as existing Carton does. Relative paths count from the working directory.
// Empty variables count as unset; unknown keys are ignored. Reads everything afresh at each call.
// Throws INVALID for a file that is not TOML or a value that is not a string (with file and line),
// IO for a $CARTON_CONFIG_PATH that cannot be read, LIMIT for a file over 1 MiB.
Config load_config();

}  // namespace carton
