#include "reactor/simulation/engine.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "reactor/error.h"
#include "reactor/simulation/world.h"

namespace bunshin::simulation {

namespace {

constexpr std::uint8_t kEnds = ready::failed | ready::hung_up | ready::peer_ended;
constexpr std::uint8_t kBoth = ready::readable | ready::writable;

}  // namespace

void SimulatedEngine::add(int fd, Generation generation, Kind, Model model, std::uint8_t interest) {
  const auto& node = process_.at(fd);
  if (!node) throw_error(EBADF, "cannot watch a descriptor");
  if (process_.world().draws().draw(Choice::unwatched, node->id()) != 0) {
    if (node->is_socket()) process_.world().harm(static_cast<Socket&>(*node));
    throw_error(ENOSPC, "cannot watch a descriptor");
  }
  if (dynamic_cast<const StoredFile*>(node.get()) != nullptr) {
    throw_error(EPERM, "cannot watch a descriptor");  // as epoll
  }
  const Key key{fd, node->id()};
  const bool level = model == Model::level;
  const std::uint8_t wanted = level ? interest : kBoth | ready::urgent;
  if (!watches_.try_emplace(key, Watch{generation, node, model, wanted}).second) {
    throw_error(EEXIST, "cannot watch a descriptor");
  }
  active_.push_back(key);
  asleep_ = false;
}

void SimulatedEngine::modify(int fd, Generation generation, std::uint8_t interest) {
  const auto& node = process_.at(fd);
  const auto found = node ? watches_.find({fd, node->id()}) : watches_.end();
  if (found == watches_.end()) throw_error(ENOENT, "cannot watch a descriptor");
  found->second.generation = generation;
  found->second.interest = interest;
  asleep_ = false;
}

void SimulatedEngine::remove(int fd) noexcept {
  if (const auto& node = process_.at(fd)) watches_.erase({fd, node->id()});
}

void SimulatedEngine::rearm(int fd, std::uint8_t bits) noexcept {
  const auto& node = process_.at(fd);
  const auto found = node ? watches_.find({fd, node->id()}) : watches_.end();
  if (found == watches_.end() || tells_edges(found->second)) return;
  found->second.interest |= bits;
  asleep_ = false;
}

void SimulatedEngine::touched(const Node& node) {
  for (auto& [key, watch] : watches_) {
    if (watch.node.get() != &node) continue;
    if (!watch.active && tells_edges(watch)) active_.push_back(key);
    watch.active = true;
    asleep_ = false;
  }
}

void SimulatedEngine::forget(const Node& node) {
  std::erase_if(watches_, [&node](const auto& each) { return each.second.node.get() == &node; });
}

bool SimulatedEngine::meant(int fd) const {
  const auto& node = process_.at(fd);
  const auto found = told_.find(fd);
  return node && found != told_.end() && found->second == node->id();
}

std::uint8_t SimulatedEngine::bits_of(const Watch& watch) const {
  const std::uint8_t state = watch.node->state();
  if (tells_edges(watch)) return watch.active ? state : 0;
  if (watch.model == Model::level) {  // a hang-up is told whatever is asked for
    const std::uint8_t asked = watch.interest | ready::failed | ready::hung_up;
    return static_cast<std::uint8_t>(state & asked);
  }
  // As poll(2): an end is told whatever is asked for. Once, because our engines see to that.
  return static_cast<std::uint8_t>(state & (watch.interest | (watch.active ? kEnds : 0)));
}

/// What might be told, in the order in which it would be.
std::vector<SimulatedEngine::Key> SimulatedEngine::candidates() {
  std::vector<Key> keys(active_.begin(), active_.end());
  active_.clear();
  for (const auto& [key, watch] : watches_) {
    if (!tells_edges(watch) && bits_of(watch) != 0) keys.push_back(key);
  }
  if (keys.size() > 1) {
    const auto first = process_.world().draws().draw(Choice::event_order, process_.number(),
                                                     static_cast<std::uint32_t>(keys.size() - 1));
    std::rotate(keys.begin(), keys.begin() + first, keys.end());
  }
  return keys;
}

/// What is told of a watch now; what is kept back keeps the loop awake.
std::uint8_t SimulatedEngine::take(const Key& key, Watch& watch) {
  Draws& draws = process_.world().draws();
  std::uint8_t bits = bits_of(watch);
  if (bits == 0) {
    watch.active = false;
    return 0;
  }
  const std::uint32_t node = watch.node->id();
  std::uint8_t later = 0;
  if (draws.draw(Choice::late_event, node) != 0) {
    later = bits;
  } else if ((bits & kBoth) == kBoth) {
    const auto split = draws.draw(Choice::split_event, node, 2);
    if (split != 0) later = bits & (split == 1 ? ready::readable | kEnds : ready::writable);
  }
  bits &= static_cast<std::uint8_t>(~later);
  watch.active = later != 0;
  if (watch.model != Model::level && !tells_edges(watch)) {
    watch.interest &= static_cast<std::uint8_t>(~bits);
  }
  if (later != 0) {
    woken_ = true;
    if (tells_edges(watch)) active_.push_back(key);
  }
  return bits;
}

std::size_t SimulatedEngine::tell_spurious(std::span<Event> events, std::size_t count) {
  if (watches_.empty() || count == events.size()) return count;
  const auto which = process_.world().draws().draw(Choice::spurious_event, process_.number(),
                                                   static_cast<std::uint32_t>(2 * watches_.size()));
  if (which == 0) return count;
  const auto& [key, watch] = *std::next(watches_.begin(), (which - 1) / 2);
  const auto told = std::any_of(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(count),
                                [fd = key.first](const Event& each) { return each.fd == fd; });
  std::uint8_t bits = which % 2 == 0 ? ready::readable : ready::writable;
  if (watch.model == Model::level) bits &= watch.interest;
  if (told || bits == 0) return count;
  events[count] = {key.first, watch.generation, bits};
  told_[key.first] = key.second;
  return count + 1;
}

std::size_t SimulatedEngine::wait(Timeout timeout, std::span<Event> events) {
  World& world = process_.world();
  const bool woken = std::exchange(woken_, false);
  asleep_ = false;
  // Only what would sleep: epoll_wait(2) does not look for signals otherwise.
  const bool sleeps = timeout > Timeout::zero();
  if (std::exchange(interrupted_, false)) return 0;
  if (sleeps && world.draws().draw(Choice::interrupted, process_.number()) != 0) return 0;
  std::size_t count = 0;
  for (const Key& key : candidates()) {
    const auto found = watches_.find(key);
    if (found == watches_.end()) continue;
    if (count == events.size()) {
      if (tells_edges(found->second)) active_.push_back(key);
      continue;
    }
    const std::uint8_t bits = take(key, found->second);
    if (bits == 0) continue;
    events[count++] = {key.first, found->second.generation, bits};
    told_[key.first] = key.second;
  }
  count = tell_spurious(events, count);
  asleep_ = count == 0 && !woken && !woken_ && active_.empty() && sleeps;
  sleeps_until_ =
      timeout < TimePoint::max() - world.now() ? world.now() + timeout : TimePoint::max();
  return count;
}

}  // namespace bunshin::simulation
