#!/usr/bin/env bash
# Installs the Debian packages that the build needs, if any is missing: as root, or through sudo when that
# asks no password. Otherwise it prints the one line to run and stops.
set -euo pipefail

wanted=(g++ cmake pkg-config python3-dev python3-venv
  zlib1g-dev libzstd-dev libssl-dev libtomlplusplus-dev nlohmann-json3-dev libgtest-dev)

if ! command -v apt-get >/dev/null; then
  echo "This is not a Debian system. Install what these packages hold, by hand: ${wanted[*]}" >&2
  echo "Then: make CARTON_SYSTEM_PACKAGES=skip" >&2
  exit 1
fi

# A tool that is on the PATH already (a compiler, CMake, Python of another origin) need not be Debian's.
provided() {
  case "$1" in
    g++ | cmake) command -v "$1" ;;
    pkg-config) command -v pkg-config ;;
    python3-venv) python3 -c "import ensurepip, venv" ;;
    python3-dev) python3 -c "import sysconfig, os; raise SystemExit(not os.path.exists(os.path.join(
        sysconfig.get_path('include'), 'Python.h')))" ;;
    *) dpkg-query -W -f '${Status}' "$1" | grep -q 'ok installed' ;;
  esac >/dev/null 2>&1
}

missing=()
for package in "${wanted[@]}"; do
  provided "$package" || missing+=("$package")
done
((${#missing[@]})) || exit 0

install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}")
if [ "$(id -u)" = 0 ]; then
  as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root=(sudo -n)
else
  echo "Missing Debian packages. Run this line, then make again:" >&2
  echo "  sudo apt-get install -y ${missing[*]}" >&2
  exit 1
fi
echo "installing Debian packages: ${missing[*]}"
# The package lists may be absent or old; they are fetched only when the first try fails.
"${as_root[@]}" "${install[@]}" >/dev/null 2>&1 || {
  "${as_root[@]}" apt-get update
  "${as_root[@]}" "${install[@]}"
}
