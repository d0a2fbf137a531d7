#pragma once

#include <string>

#include "reactor/unique_fd.h"

namespace bunshin {

/// A descriptor that becomes readable when a name on the way to `path` comes or changes its owner
/// or mode: what tells that a device that is away has come back. The way is the nearest directory
/// that exists, and the same of what `path` leads to while it is a symbolic link. What is read from
/// it means nothing; whoever has read it looks at `path` again, and asks for another watch, for the
/// way may be another one. None where the system can not tell (other than Linux) or has no room
/// (inotify(7)): then a timer has to do. Any thread.
UniqueFd watch_path(const std::string& path);

}  // namespace bunshin
