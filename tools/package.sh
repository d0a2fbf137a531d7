#!/usr/bin/env bash
# Makes the packages bunshin and libbunshin-dev for Debian 12 and what is made from it, Raspberry Pi OS.
#   tools/package.sh amd64|arm64|armhf       into build/package/ARCH
# For another architecture it takes tools/setup.sh cross. lintian, where it is installed, judges them.
set -euo pipefail
cd "$(dirname "$0")/.."

architecture=${1:-}
case "$architecture" in amd64 | arm64 | armhf) ;; *)
  echo "usage: tools/package.sh amd64|arm64|armhf" >&2
  exit 2
  ;;
esac
build=build/package/$architecture
mkdir -p "$build"
arguments=(-G Ninja -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr
  -DCMAKE_INSTALL_LIBDIR=lib/$(dpkg-architecture -a"$architecture" -qDEB_HOST_MULTIARCH 2>/dev/null)
  -DBUNSHIN_PACKAGE=ON -DBUNSHIN_BUILD_TESTS=OFF -DCPACK_DEBIAN_PACKAGE_ARCHITECTURE="$architecture")

# For another architecture: each library that the program needs, and which package has it here. The
# packages have the same names and versions there.
depends_of() {
  local library
  for library in $(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    [[ $library == ld-linux* ]] && continue
    cat /var/lib/dpkg/info/*.shlibs | awk -v library="$library" '
      { split(library, part, /\.so\./) }
      $1 == part[1] && $2 == part[2] { $1 = ""; $2 = ""; print; found = 1; exit }
      END { if (!found) { print "package: nobody has " library > "/dev/stderr"; exit 1 } }'
  done | sed 's/^ *//; s/, .*//' | sort -u | paste -sd, | sed 's/,/, /g'
}

if [ "$architecture" != "$(dpkg --print-architecture)" ]; then
  BUNSHIN_CROSS_ROOT=$(tools/cross_root.sh "$architecture")
  export BUNSHIN_CROSS_ROOT BUNSHIN_CROSS_ARCHITECTURE=$architecture
  arguments+=(--toolchain cmake/debian-cross.cmake)
fi

# Of a server at rest. Under an emulator that is in it, with what it has translated.
resident() {
  local emulator=() pid kind="resident at rest"
  case "$architecture" in
    arm64) emulator=(qemu-aarch64-static -L "$BUNSHIN_CROSS_ROOT") ;;
    armhf) emulator=(qemu-arm-static -L "$BUNSHIN_CROSS_ROOT") ;;
  esac
  [ ${#emulator[@]} -eq 0 ] || kind+=", with the emulator"
  chmod +x "$1"
  "${emulator[@]}" "$1" echo 127.0.0.1:0 >"$build/echo.out" 2>&1 &
  pid=$!
  for _ in $(seq 100); do
    if grep -q listening "$build/echo.out"; then break; fi
    sleep 0.1
  done
  echo "$kind: $(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status") KiB"
  kill "$pid"
  wait "$pid" || true
}

step() { "$@" >"$build/package.log" 2>&1 || { cat "$build/package.log"; exit 1; }; }
step cmake "${arguments[@]}"
step cmake --build "$build" -j "$(tools/jobs.sh)"
if [ -n "${BUNSHIN_CROSS_ROOT:-}" ]; then
  step cmake "$build" -DBUNSHIN_PACKAGE_DEPENDS="$(depends_of "$build/tools/bunshin")"
fi
rm -f "$build"/*.deb
(cd "$build" && umask 022 && cpack >package.log 2>&1) || { cat "$build/package.log"; exit 1; }
stat -c '%n: %s bytes' "$build"/*.deb
dpkg-deb --fsys-tarfile "$build"/bunshin_*.deb | tar -xO ./usr/bin/bunshin >"$build/stripped"
echo "the program, stripped: $(stat -c %s "$build/stripped") bytes"
resident "$build/stripped"
if command -v lintian >/dev/null; then lintian --fail-on error,warning "$build"/*.deb; fi
