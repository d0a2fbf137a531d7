#include "reactor/path_watch.h"

#ifdef __linux__
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#endif

namespace bunshin {

#ifdef __linux__

namespace {

constexpr int kMostLinks = 8;
/// udev makes a node and gives it its owner and mode afterwards: IN_ATTRIB.
constexpr std::uint32_t kChanges =
    IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Watches the directory that `path` is in, or the nearest one above it that exists.
bool watch_directory(int inotify, const std::string& path) {
  std::string directory = directory_of(path);
  for (;;) {
    if (::inotify_add_watch(inotify, directory.c_str(), kChanges) >= 0) return true;
    if ((errno != ENOENT && errno != ENOTDIR) || directory == "/" || directory == ".") return false;
    directory = directory_of(directory);
  }
}

/// Where a symbolic link leads to, one step; empty when it is none.
std::string step(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
  if (length <= 0) return {};
  const std::string text(target, static_cast<std::size_t>(length));
  return text.front() == '/' ? text : directory_of(path) + '/' + text;
}

}  // namespace

UniqueFd watch_path(const std::string& path) {
  UniqueFd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify || !watch_directory(inotify.get(), path)) return UniqueFd();
  std::string place = path;
  for (int links = 0; links < kMostLinks; ++links) {
    place = step(place);
    if (place.empty()) break;
    watch_directory(inotify.get(), place);
  }
  return inotify;
}

#else

UniqueFd watch_path(const std::string& /*path*/) { return UniqueFd(); }

#endif

}  // namespace bunshin
