// [[input]] and [[output]] of carton.toml.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "format/metadata.h"
#include "format/toml.h"

namespace carton::format {

// The specs of `key` ("input", "output") with their real dtypes, which the table
// carton_ext.dtypes.`ext_key` may hold; nullopt when none is declared.
std::optional<std::vector<TensorSpec>> parse_specs(const TomlView& root, std::string_view key,
                                                   std::string_view ext_key, const Limits& limits);

}  // namespace carton::format
