#!/usr/bin/env bash
# Installs what is missing, with apt-get.
#   tools/setup.sh build   what building the program takes
#   tools/setup.sh all     that, and what the tests, benchmarks and the study take (the default)
#   tools/setup.sh wasm    what tools/wasm_check.sh takes, 0.8 GB
#   tools/setup.sh docs    that, and what the site takes (tools/docs.sh)
#   tools/setup.sh browser what tools/browser_check.sh takes, 0.5 GB
#   tools/setup.sh cross   what tools/cross_check.sh takes, 0.5 GB
#   tools/setup.sh compilers   what tools/compilers.sh takes, 0.9 GB
#   tools/setup.sh libraries   installs nothing: prints what is linked with, the tests included
set -euo pipefail

build=(g++ cmake ninja-build pkg-config
       libfmt-dev libcli11-dev libtomlplusplus-dev libpugixml-dev libre2-dev libedit-dev liburing-dev
       libhttp-parser-dev libmosquitto-dev nlohmann-json3-dev)
tests=(clang libclang-rt-dev llvm clang-tidy clang-format ccache
       libgtest-dev libgmock-dev libbenchmark-dev
       strace valgrind socat netcat-openbsd mosquitto openssl patch python3 spin zsh fish mandoc)
study=(libevent-dev libuv1-dev libev-dev libasio-dev ser2net
       python3-serial python3-matplotlib iproute2 util-linux)
docs=(emscripten esbuild libfmt-dev python3-sphinx python3-myst-parser furo python3-breathe doxygen)

case "${1:-all}" in
  wasm) packages=(emscripten) ;;
  docs) packages=("${docs[@]}") ;;
  browser) packages=(fonts-noto-cjk) ;;
  cross) packages=(ccache mmdebstrap dpkg-dev lintian qemu-user-static g++-aarch64-linux-gnu g++-arm-linux-gnueabihf) ;;
  compilers) packages=(g++-12 clang-16 clang-19) ;;
  libraries)
    printf '%s\n' "${build[@]}" libgtest-dev libgmock-dev | grep -e '-dev$'
    exit 0
    ;;
  build) packages=("${build[@]}") ;;
  all) packages=("${build[@]}" "${tests[@]}" "${study[@]}") ;;
  *) echo "usage: tools/setup.sh [build|all|wasm|docs|browser|cross|compilers|libraries]" >&2; exit 2 ;;
esac
# By command, since many have these from elsewhere than Debian: npm for the build for macOS, and
# with the browser for the scope's page.
case "${1:-all}" in
  all | browser) command -v npm >/dev/null || packages+=(npm) ;;
esac
[ "${1:-all}" != browser ] || command -v chromium >/dev/null || packages+=(chromium)

if ! command -v apt-get >/dev/null; then
  echo "setup: no apt-get here; make sure these are installed: ${packages[*]}" >&2
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok installed' ||
    missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "setup: neither root nor sudo; install these first: ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi

echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get -qq update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
