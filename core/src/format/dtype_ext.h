// Dtypes that format v1 has no name for. The v1 key holds a stand-in of equal width, which every
// reader of v1 accepts, and a table of [carton_ext.dtypes] the real one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "format/toml.h"
#include "tensor/dtype.h"

namespace carton::format {

// The dtype that `view.dtype` names: one of the 11 of v1, or "nested" if allowed. FORMAT otherwise.
DType v1_dtype(const TomlView& view, bool nested_allowed);

// Replaces stand-ins by what the table `ext` (name -> "bool", "float16", "bfloat16") says. FORMAT when
// a name is not among `dtypes`, or a stand-in does not have the width; UNSUPPORTED for another dtype.
void apply_dtype_ext(const TomlView& ext, const std::vector<std::pair<std::string, DType*>>& dtypes);

}  // namespace carton::format
