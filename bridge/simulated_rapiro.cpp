#include "bridge/simulated_rapiro.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <string_view>
#include <utility>

#include "reactor/error.h"

namespace bunshin {
namespace {

/// Ten bits at 57600 baud.
constexpr auto kByteTime = std::chrono::microseconds(174);
/// The firmware looks at its serial port once in a turn of its loop.
constexpr auto kLoopTime = std::chrono::milliseconds(2);
/// A client that was killed leaves the line exclusive (TIOCEXCL), because it is never closed by
/// all.
constexpr auto kRelease = std::chrono::seconds(1);

std::string link_target(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
  return length < 0 ? std::string() : std::string(target, static_cast<std::size_t>(length));
}

/// What the system numbers is what comes before the number: "/dev/pts/".
std::string_view folder_of(std::string_view terminal) {
  return terminal.substr(0, terminal.find_last_not_of("0123456789") + 1);
}

/// Only a dead simulator's link: `target` is the name of a pseudo-terminal that is no more, or that
/// was given out again as `own`. One that is in use may be anybody's; a serial device was never
/// ours.
bool left_behind(std::string_view target, const std::string& own) {
  if (target == own) return true;
  return !target.empty() && folder_of(target) == folder_of(own) &&
         ::access(std::string(target).c_str(), F_OK) != 0 && errno == ENOENT;
}

}  // namespace

SimulatedRapiro::SimulatedRapiro(Reactor& reactor, PseudoTerminal terminal, double speed)
    : FileDispatcher(reactor, std::move(terminal.master)),
      terminal_(std::move(terminal)),
      speed_(speed),
      power_on_(reactor.handlers_now()),
      firmware_(power_on_) {
  release_timer_.arm(kRelease);
}

SimulatedRapiro::~SimulatedRapiro() {
  if (!link_.empty() && link_target(link_) == path()) ::unlink(link_.c_str());
}

void SimulatedRapiro::make_link(const std::string& path) {
  const std::string target = link_target(path);
  if (left_behind(target, terminal_.path)) ::unlink(path.c_str());
  if (::symlink(terminal_.path.c_str(), path.c_str()) != 0) {
    const std::string other = target.empty() ? "" : fmt::format(", which leads to {}", target);
    throw_error(errno, fmt::format("cannot make the link {}{}", path, other));
  }
  link_ = path;
}

TimePoint SimulatedRapiro::robot_time() {
  const std::chrono::duration<double, std::nano> since = reactor().handlers_now() - power_on_;
  return power_on_ + std::chrono::duration_cast<Duration>(since * speed_);
}

void SimulatedRapiro::handle_read() {
  const std::string_view bytes = recv(4096);
  if (bytes.empty()) return;
  std::string text = firmware_.received(bytes, robot_time());
  if (text.empty()) return;
  const auto line_time = kByteTime * static_cast<int>(bytes.size() + text.size());
  TimePoint due = reactor().handlers_now() + kLoopTime + line_time;
  if (!answers_.empty()) due = std::max(due, answers_.back().due);
  answers_.push_back({due, std::move(text)});
  if (answers_.size() == 1) answer_due();
}

void SimulatedRapiro::answer_due() {
  while (!answers_.empty() && answers_.front().due <= reactor().handlers_now()) {
    const std::string text = std::move(answers_.front().text);
    answers_.pop_front();
    send(text);
    if (on_answer_) on_answer_(text);
  }
  if (answers_.empty()) return;
  const Duration wait = answers_.front().due - reactor().handlers_now();
  answer_timer_.arm(wait);
}

void SimulatedRapiro::release() {
  terminal_.release();
  release_timer_.arm(kRelease);
}

}  // namespace bunshin
