// How bytes travel from one end of a stream to the other.

#include <algorithm>
#include <cerrno>
#include <utility>

#include "reactor/simulation/node.h"
#include "reactor/simulation/process.h"
#include "reactor/simulation/world.h"

namespace bunshin::simulation {

Node::Node(World& world, Process& process)
    : world_(world), process_(process), id_(world.next_id()) {}

void Node::touch() { process_.touched(*this); }

End::End(World& world, Process& process, std::size_t capacity)
    : Node(world, process), capacity_(capacity) {}

void End::connect(const std::shared_ptr<End>& one, const std::shared_ptr<End>& other) {
  one->other_ = other;
  other->other_ = one;
}

/// As Linux has it: writable when a third is free (sk_stream_is_writable).
bool End::has_room() const { return !pressed_ && 3 * on_the_way() <= 2 * capacity_; }

IoResult End::receive(std::span<char> room) {
  Draws& draws = world().draws();
  if (draws.draw(Choice::interrupted, id()) != 0) return {};
  if (const auto which = draws.draw(Choice::no_memory, id(), 2); which != 0) {
    return {0, IoStatus::later, which == 1 ? ENOMEM : ENOBUFS};
  }
  if (arrived_.empty()) {
    const IoResult special = instead_of_bytes();
    return special.status == IoStatus::done ? IoResult{0, IoStatus::exhausted, 0} : special;
  }
  std::size_t count = std::min(room.size(), arrived_.size());
  if (gives_parts() && count > 1) {
    const auto less = draws.draw(Choice::short_receive, id(), 3);
    if (less != 0) count = less == 1 ? 1 : less == 2 ? count / 2 : count - 1;
  }
  std::copy_n(arrived_.begin(), count, room.begin());
  arrived_.erase(0, count);
  world().moved(count);
  go_on();
  return {count, IoStatus::done, 0};
}

IoResult End::send(std::string_view data) {
  Draws& draws = world().draws();
  if (draws.draw(Choice::interrupted, id()) != 0) return {};
  if (const auto which = draws.draw(Choice::no_memory, id(), 2); which != 0) {
    return {0, IoStatus::later, which == 1 ? ENOMEM : ENOBUFS};
  }
  if (const IoResult refused = refuse_to_send(); refused.status != IoStatus::done) return refused;
  if (data.empty()) {  // to a tty above all: it wakes whoever watches for room
    touch();
    return {};
  }
  if (!other_) return {data.size(), IoStatus::done, 0};  // a device speaks, and nobody is there
  const std::size_t room = pressed_ ? 0 : capacity_ - std::min(capacity_, on_the_way());
  std::size_t count = std::min(room, data.size());
  const auto less = count > 1 ? draws.draw(Choice::short_send, id(), 3) : 0;
  if (less != 0) {
    count = less == 1 ? 1 : less == 2 ? count / 2 : count - 1;
    pressed_ = true;
    world().after(world().latency(id()), [self = shared_from_this()] {
      auto& end = static_cast<End&>(*self);
      end.pressed_ = false;
      end.make_room();
    });
  }
  blocked_ = count < data.size();
  if (count == 0) return {0, IoStatus::exhausted, 0};
  other_->coming_.append(data.substr(0, count));
  world().moved(count);
  other_->go_on();
  return {count, IoStatus::done, 0};
}

/// What is on its way arrives after a while, if there is something and room for it.
void End::go_on() {
  if (travelling_) return;
  const std::size_t room =
      gone_ ? coming_.size() : capacity_ - std::min(capacity_, arrived_.size());
  const std::size_t count = at_once(std::min(room, coming_.size()));
  if (count == 0 && (!ending_ || ended_ || !coming_.empty())) return;
  travelling_ = true;
  world().after(travel(count) + world().latency(id()),
                [self = shared_from_this()] { static_cast<End&>(*self).arrive(); });
}

void End::arrive() {
  travelling_ = false;
  Draws& draws = world().draws();
  if (gone_) {
    if (!coming_.empty()) arrived_at_nobody();
    return;
  }
  if (cut()) return;
  const std::size_t room = capacity_ - std::min(capacity_, arrived_.size());
  std::size_t count = at_once(std::min(room, coming_.size()));
  if (const auto part = count > 1 ? draws.draw(Choice::part, id(), 3) : 0; part != 0) {
    count = part == 1 ? 1 : part == 2 ? count / 2 : count - 1;
  }
  if (count > 0) {
    std::string bytes = coming_.substr(0, count);
    coming_.erase(0, count);
    spoil(bytes);
    arrived_ += bytes;
    touch();
    if (other_) other_->make_room();
  }
  const bool apart = count > 0 && ending_ && draws.draw(Choice::fin_apart, id()) != 0;
  if (ending_ && !ended_ && coming_.empty() && !apart) {
    ended_ = true;
    touch();
  }
  go_on();
}

void End::make_room() {
  if (blocked_ && has_room()) {
    blocked_ = false;
    touch();
  }
}

void End::end_other() {
  if (!other_) return;
  other_->ending_ = true;
  other_->go_on();
}

void End::forget_coming() { coming_.clear(); }

}  // namespace bunshin::simulation
