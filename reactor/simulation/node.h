#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "reactor/engine.h"
#include "reactor/io_result.h"
#include "reactor/timers.h"

namespace bunshin::simulation {

class Process;
class World;

/// What a simulated descriptor refers to: the kernel's side of it. Shared by the descriptors that
/// name it and by what is still on its way to it. One thread, as all of a world.
class Node : public std::enable_shared_from_this<Node> {
 public:
  Node(World& world, Process& process);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  /// How it stands, in bits of `ready`.
  [[nodiscard]] virtual std::uint8_t state() const = 0;
  /// The last descriptor is closed.
  virtual void close() = 0;
  [[nodiscard]] virtual bool is_socket() const = 0;

  /// Something has happened to it: whoever watches it is told what state() is by then.
  void touch();

  [[nodiscard]] std::uint32_t id() const { return id_; }  ///< by order of making
  [[nodiscard]] Process& process() const { return process_; }
  [[nodiscard]] World& world() const { return world_; }
  int names = 0;  ///< descriptors that refer to it

 private:
  World& world_;
  Process& process_;
  const std::uint32_t id_;
};

/// One end of a two-way stream of bytes. What it receives is its own; what it sends is on its way
/// to the other end, as much as the sender's buffer holds, and arrives as the world lets it, as
/// much as the receiver's buffer holds.
class End : public Node {
 public:
  End(World& world, Process& process, std::size_t capacity);

  IoResult receive(std::span<char> room);
  IoResult send(std::string_view data);

  /// Joins two ends.
  static void connect(const std::shared_ptr<End>& one, const std::shared_ptr<End>& other);
  /// For what is over: nothing refers to the other end any more.
  void part() { other_.reset(); }

  [[nodiscard]] bool has_unread() const { return !arrived_.empty(); }
  [[nodiscard]] std::size_t unread() const { return arrived_.size(); }
  [[nodiscard]] bool has_room() const;
  /// Bytes sent that have not arrived.
  [[nodiscard]] std::size_t on_the_way() const { return other_ ? other_->coming_.size() : 0; }

 protected:
  /// How long `bytes` take at least.
  [[nodiscard]] virtual Duration travel(std::size_t bytes) const = 0;
  /// As much of `room` as arrives at once.
  [[nodiscard]] virtual std::size_t at_once(std::size_t bytes) const { return bytes; }
  /// Whether a receive may give less than there is, as all but TCP do.
  [[nodiscard]] virtual bool gives_parts() const { return true; }
  /// Bytes have arrived and nobody is there.
  virtual void arrived_at_nobody() {}
  virtual void spoil(std::string& /*bytes*/) {}
  /// Whether the connection is cut just now, by what no end of it does.
  virtual bool cut() = 0;
  /// What comes instead of bytes when none are left; `done` when there is nothing special.
  virtual IoResult instead_of_bytes() = 0;
  virtual IoResult refuse_to_send() = 0;

  void go_on();  // lets arrive what is on its way here
  void arrive();
  void end_other();  // behind what was sent, the other end reads the end of file
  void forget_coming();
  void make_room();  // tells who waits for some, when there is

  std::shared_ptr<End> other_;
  std::string coming_;   // sent to here and not arrived
  std::string arrived_;  // not received yet
  std::size_t capacity_;
  bool ending_ = false;  // the end of file is on its way behind coming_
  bool ended_ = false;   // and has arrived
  bool gone_ = false;    // closed
  bool travelling_ = false;
  bool pressed_ = false;  // the kernel has no memory for more just now
  bool blocked_ = false;  // a send found too little room: touched when there is some
};

}  // namespace bunshin::simulation
