// Target triples, as `required_platforms` lists them.
#pragma once

#include <string>
#include <string_view>

namespace carton::format {

// The canonical form of a triple: "x86_64-linux-gnu" is "x86_64-unknown-linux-gnu". Throws FORMAT for
// text that is none: it must begin with an architecture in lower case.
std::string canonical_triple(std::string_view triple);

}  // namespace carton::format
