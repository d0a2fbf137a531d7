#!/usr/bin/env bash
# Makes a root folder with the libraries of another architecture of Debian, and prints its path.
#   tools/cross_root.sh arm64|armhf
# Packages are only unpacked, so neither an emulator nor root is needed. It is kept in build/cross,
# and made anew when another library is asked for (tools/setup.sh names them).
set -euo pipefail
cd "$(dirname "$0")/.."

architecture=${1:?usage: tools/cross_root.sh arm64|armhf}
root=$PWD/build/cross/root-$architecture
mapfile -t libraries < <(tools/setup.sh libraries)
wanted=$(printf '%s\n' libc6-dev libstdc++-12-dev "${libraries[@]}")

if [ "$(cat "$root/.wanted" 2>/dev/null)" != "$wanted" ]; then
  command -v mmdebstrap >/dev/null || {
    echo "cross_root: mmdebstrap is not installed; tools/setup.sh cross installs it" >&2
    exit 1
  }
  rm -rf "$root"
  mkdir -p "$root"
  # From this machine's mirror of Debian 12, fetched as it does; its hooks (Dpkg::, APT::Update) are not
  # for others. What was updated since has the same interface.
  apt-config dump | grep -E '^Acquire::' >"$root.apt.conf"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
  mmdebstrap --quiet --variant=extract --architectures="$architecture" \
    --include="$(paste -sd, <<<"$wanted")" --aptopt="$root.apt.conf" \
    bookworm "$root.tar" "${mirror:-http://deb.debian.org/debian}" >&2
  tar -xf "$root.tar" -C "$root" --no-same-owner --exclude='./dev/*'
  rm "$root.tar"
  echo "$wanted" >"$root/.wanted"
fi
echo "$root"
