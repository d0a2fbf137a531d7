#include <algorithm>
#include <cerrno>
#include <utility>

#include "reactor/simulation/files.h"
#include "reactor/simulation/world.h"

namespace bunshin::simulation {

namespace {

constexpr std::size_t kTtyBuffer = 4096;  // n_tty's
constexpr std::size_t kBurst = 16;        // what a UART gives at once

}  // namespace

Tty::Tty(World& world, Process& process, bool is_device, std::size_t bytes_a_second)
    : End(world, process, kTtyBuffer),
      is_device_(is_device),
      byte_time_(std::chrono::nanoseconds(std::chrono::seconds(1)) /
                 static_cast<std::int64_t>(bytes_a_second)) {}

std::uint8_t Tty::state() const {
  if (hung_up_) return ready::readable | ready::writable | ready::failed | ready::hung_up;
  std::uint8_t bits = 0;
  if (has_unread()) bits |= ready::readable;
  if (has_room()) bits |= ready::writable;
  return bits;
}

Duration Tty::travel(std::size_t bytes) const {
  return byte_time_ * static_cast<std::int64_t>(bytes);
}

std::size_t Tty::at_once(std::size_t bytes) const { return std::min(bytes, kBurst); }

void Tty::spoil(std::string& bytes) {
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    const auto how = world().draws().draw(Choice::lost_byte, id(), 2);
    if (how == 1) bytes[index] = static_cast<char>(bytes[index] ^ 0x10);
    if (how == 2) bytes.erase(index--, 1);
  }
}

/// What comes for this side is lost, and the other side speaks to nobody: it has room for that.
void Tty::let_go() {
  coming_.clear();
  arrived_.clear();
  const auto other = std::exchange(other_, nullptr);
  if (!other) return;
  auto& its = static_cast<Tty&>(*other);
  if (its.other_.get() != this) return;  // somebody else has opened the line since
  its.other_.reset();
  its.make_room();
}

void Tty::close() {
  if (!std::exchange(gone_, true)) let_go();
}

void Tty::hang_up() {
  if (std::exchange(hung_up_, true)) return;
  if (other_) static_cast<Tty&>(*other_).coming_.clear();
  let_go();
  touch();
}

IoResult Tty::instead_of_bytes() {
  return hung_up_ ? IoResult{0, IoStatus::failed, EIO} : IoResult{};
}

IoResult Tty::refuse_to_send() {
  return hung_up_ ? IoResult{0, IoStatus::failed, EIO} : IoResult{};
}

bool Tty::cut() {
  if (!other_ || world().draws().draw(Choice::unplugged, id()) == 0) return false;
  Tty& computer = is_device_ ? static_cast<Tty&>(*other_) : *this;
  world().unplug(computer);
  return true;
}

}  // namespace bunshin::simulation
