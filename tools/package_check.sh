#!/usr/bin/env bash
# Installs the packages of this machine's architecture in a clean, minimal Debian 12, looks at what they
# brought, and removes them.
#   sudo tools/package_check.sh              after tools/package.sh
# The room is a folder made by mmdebstrap; it is gone at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=$PWD/build/package/$(dpkg --print-architecture)
if [ "$(id -u)" -ne 0 ] || ! compgen -G "$packages/*.deb" >/dev/null; then
  echo "package_check: needs root, and what tools/package.sh has made" >&2
  exit 2
fi
work=$(mktemp -d /var/tmp/bunshin-package.XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
apt-config dump | grep -E '^Acquire::' >"$work/apt.conf"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)

cat >"$work/inside" <<'EOS'
set -eux
export DEBIAN_FRONTEND=noninteractive
apt-get -qq install -y --no-install-recommends /tmp/bunshin_*.deb </dev/null
bunshin version
bunshin bridge --check --config /etc/bunshin/bridge.toml
test -s /lib/systemd/system/bunshin-bridge.service
test "$(stat -c %U:%a /usr/bin/bunshin)" = root:755
# A configuration that was changed stays, through an upgrade and a removal; a purge takes it.
echo '# mine' >>/etc/bunshin/bridge.toml
dpkg --install /tmp/bunshin_*.deb
grep -q '# mine' /etc/bunshin/bridge.toml
dpkg --remove bunshin
grep -q '# mine' /etc/bunshin/bridge.toml
dpkg --purge bunshin
test ! -e /etc/bunshin
# What was installed builds a program by pkg-config alone.
apt-get -qq install -y --no-install-recommends g++ pkg-config /tmp/libbunshin-dev_*.deb </dev/null
printf '%s\n' '#include "reactor/reactor.h"' \
  'int main() { bunshin::Reactor loop; loop.post([&] { loop.stop(); }); loop.run(); }' >/tmp/a.cpp
g++ -std=c++20 /tmp/a.cpp $(pkg-config --cflags --libs bunshin-reactor) -o /tmp/a
/tmp/a
g++ -std=c++20 /tmp/server3.cpp $(pkg-config --cflags --libs bunshin-handlers) -o /tmp/server3
EOS
mmdebstrap --quiet --variant=minbase --aptopt="$work/apt.conf" \
  --customize-hook="cp '$packages'/*.deb docs/examples/server3.cpp '$work/inside' \"\$1/tmp/\"" \
  --customize-hook="chroot \"\$1\" sh /tmp/inside" \
  bookworm /dev/null "${mirror:-http://deb.debian.org/debian}"
echo "package_check: installed, upgraded, removed, purged, and built against"
