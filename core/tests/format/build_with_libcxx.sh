#!/bin/sh
# Compiles base, tensor and format with clang and its own standard library. Exit 77: no libc++ here.
set -eu
compiler=$1
core=$(cd "$(dirname "$0")/../.." && pwd)
echo '#include <string>' | "$compiler" -x c++ -stdlib=libc++ -fsyntax-only - 2>/dev/null || exit 77
find "$core/src/base" "$core/src/tensor" "$core/src/format" -name '*.cpp' -print0 |
  xargs -0 -n 1 -P 2 "$compiler" -std=c++20 -stdlib=libc++ -fsyntax-only -Wall -Wextra -Werror -I "$core/src"
