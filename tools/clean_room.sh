#!/usr/bin/env bash
# Runs a command where a new user would: on a clean, minimal Debian 12, in a fresh clone of HEAD, as an
# ordinary user with sudo and the limits of an ordinary login.
#   sudo tools/clean_room.sh [COMMAND...]     the default: tools/test.sh release
# The room is a folder made by mmdebstrap, with mounts and processes of its own; it is gone when the
# command has ended. Mirrors are those of this machine. The base, fetched packages and what ccache
# keeps are in ~/.cache/bunshin/clean-room, or where BUNSHIN_CLEAN_ROOM says.
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
cache=${BUNSHIN_CLEAN_ROOM:-${XDG_CACHE_HOME:-$HOME/.cache}/bunshin/clean-room}
user=visitor

if [ "$(id -u)" -ne 0 ] || ! command -v mmdebstrap >/dev/null; then
  echo "clean_room: needs root (to make the room and its mounts) and the package mmdebstrap" >&2
  exit 2
fi

# How this machine fetches packages: the hooks around it (Dpkg::, APT::Update) are not for the room.
make_base() {
  local sources
  sources=$(find /etc/apt/ -maxdepth 2 -name '*.list' -o -maxdepth 2 -name '*.sources')
  apt-config dump | grep -E '^Acquire::' >"$cache/apt.conf"
  # shellcheck disable=SC2086 # one word a file
  mmdebstrap --variant=minbase --include=sudo,git,ca-certificates --aptopt="$cache/apt.conf" \
    bookworm "$cache/new.tar" $sources
  mv "$cache/new.tar" "$cache/base.tar"
}

furnish() {
  local room=$1
  tar -xf "$cache/base.tar" -C "$room" --exclude='./dev/*'
  cp -L /etc/resolv.conf /etc/hosts "$room/etc/"
  cp -a /usr/local/share/ca-certificates/. "$room/usr/local/share/ca-certificates/"
  chroot "$room" update-ca-certificates >/dev/null 2>&1
  chroot "$room" useradd --create-home --shell /bin/bash "$user"
  echo "$user ALL=(ALL) NOPASSWD: ALL" >"$room/etc/sudoers.d/$user"
  git clone -q --depth 1 "file://$repository" "$room/home/$user/bunshin"
  mkdir -p "$cache/ccache" "$room/home/$user/.cache/ccache"
  chroot "$room" chown -R "$user:" "/home/$user"
}

# enter ROOM COMMAND...: run as the first process of namespaces of its own, so that nothing outlives it.
enter() {
  local room=$1 node
  shift
  mount -t proc proc "$room/proc"
  mount --rbind /sys "$room/sys"
  mount -t tmpfs -o mode=755 dev "$room/dev"
  mkdir "$room"/dev/{pts,shm}
  mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$room/dev/pts"
  mount -t tmpfs shm "$room/dev/shm"
  for node in null zero full random urandom tty; do
    touch "$room/dev/$node"
    mount --bind "/dev/$node" "$room/dev/$node"
  done
  ln -s pts/ptmx "$room/dev/ptmx"
  ln -s /proc/self/fd "$room/dev/fd"
  ln -s /proc/self/fd/0 "$room/dev/stdin"
  ln -s /proc/self/fd/1 "$room/dev/stdout"
  ln -s /proc/self/fd/2 "$room/dev/stderr"
  mount --bind "$cache/archives" "$room/var/cache/apt/archives"
  mount --bind "$cache/ccache" "$room/home/$user/.cache/ccache"
  chroot "$room" chown "$user:" "/home/$user/.cache/ccache"
  # In the first process: su goes by its limits.
  ulimit -H -n 1048576 2>/dev/null || true  # takes CAP_SYS_RESOURCE
  ulimit -S -n 1024
  ulimit -l 8192
  # Not exec: the first process has to stay, since it is the one that reaps.
  env -i PATH="$PATH" TERM="${TERM:-dumb}" LANG=C.UTF-8 \
    chroot "$room" su --login "$user" --whitelist-environment=LANG \
    -c 'cd bunshin && exec "$0" "$@"' -- "$@"
}
export -f enter
export cache user

mkdir -p "$cache/archives/partial"
[ -e "$cache/base.tar" ] || make_base
room=$(mktemp -d /var/tmp/bunshin-clean-room.XXXXXX)
trap 'rm -rf --one-file-system "$room"' EXIT
chmod 755 "$room"
furnish "$room"
[ $# -gt 0 ] || set -- tools/test.sh release
# Beside the script, and not by it: unshare itself hears no signal but this one.
unshare --mount --pid --fork --kill-child bash -euc 'enter "$@"; exit $?' - "$room" "$@" <&0 &
trap 'kill -KILL $!' INT TERM
wait $!
