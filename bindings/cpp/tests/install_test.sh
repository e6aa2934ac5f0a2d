#!/bin/sh
# Installs the "dev" component and builds the examples the way a user would, with pkg-config and with
# find_package; both programs must then run a carton. The prefix is moved after the installation: nothing
# in it may name the folder that it was made for.
#   install_test.sh BUILD_DIR SOURCE_DIR CARTON
set -eu
build=$1 source=$2 carton=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" --component dev > "$work/install.log"
mv "$work/first" "$work/prefix"
libdir=$(dirname "$(find "$work/prefix" -name libcarton.so)")

export PKG_CONFIG_PATH="$libdir/pkgconfig"
cp -r "$source/examples/c" "$work/c"
make -s -C "$work/c" run_model
LD_LIBRARY_PATH=$libdir "$work/c/run_model" "$carton" > "$work/c.txt"

cmake -S "$source/examples/cpp" -B "$work/cpp" -DCMAKE_PREFIX_PATH="$work/prefix" > "$work/cmake.log"
cmake --build "$work/cpp" >> "$work/cmake.log"
"$work/cpp/run_model" "$carton" > "$work/cpp.txt"

for text in "$work/c.txt" "$work/cpp.txt"; do
  echo "== ${text##*/}" && cat "$text"
  grep -q '^outputs$' "$text"
  test "$(grep -c 'c: string \[4\] = "a" "list" "of" "strings"' "$text")" = 2
done

if LD_LIBRARY_PATH=$libdir "$work/c/run_model" no/such.carton 2> "$work/error.txt"; then
  echo "the C program loaded a missing file" && exit 1
fi
cat "$work/error.txt"
grep -q '^IO: .*no/such.carton' "$work/error.txt"
