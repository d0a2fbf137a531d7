#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/engine.h"
#include "reactor/uring_buffers.h"
#include "reactor/uring_outgoing.h"
#include "reactor/uring_ring.h"

namespace bunshin {

/// io_uring(7), Linux 6.1 or later: operations are handed to the kernel and completed by it, with
/// one io_uring_enter(2) a round. Streams and listeners are served that way; everything else (ttys,
/// pipes, foreign descriptors, the models that studies compare) is polled through the same ring.
/// Out-of-band data is not reported: a poll beside every receive would cost each message, and the
/// kernel (6.18) answers polls with what woke them, which for a socket is POLLIN | POLLPRI whatever
/// arrived.
class UringEngine final : public Engine, private Medium {
 public:
  explicit UringEngine(const EngineOptions& options);
  ~UringEngine() override;

  [[nodiscard]] std::string_view name() const override { return "io_uring"; }
  void add(int fd, Generation generation, Kind kind, Model model, std::uint8_t interest) override;
  void modify(int fd, Generation generation, std::uint8_t interest) override;
  void remove(int fd) noexcept override;
  std::size_t wait(Timeout timeout, std::span<Event> events) override;
  void wake() noexcept override { ring_.wake(); }
  Medium* carries(Kind kind) override { return kind != Kind::file ? this : nullptr; }

 private:
  // Of Medium: what handlers do with streams and listeners.
  std::string_view receive(int fd, std::span<char> room, IoResult& result) override;
  IoResult send(int fd, std::string_view data) override;
  IoResult send_texts(int fd, std::span<const SharedText> texts, std::size_t start) override;
  [[nodiscard]] std::size_t most_texts() const override { return kMostTexts; }
  int accept(int fd, sockaddr* peer, socklen_t* length) noexcept override;
  void want(int fd, bool wanted) noexcept override;
  bool shut_down(int fd) noexcept override;
  [[nodiscard]] bool owes(int fd) const override { return streams_[index(fd)].out != nullptr; }
  void close(int fd) noexcept override;
  [[nodiscard]] bool is_socket() const override { return true; }

  using Op = UringRing::Op;

  /// Received and not taken by the handler within its round.
  struct Kept {
    std::string data;
    std::size_t start = 0;  // what lies before it was taken
  };

  /// What the next wait() has to hand to the ring for a descriptor, in this order.
  struct Step {
    enum Bit : std::uint8_t {
      cancel_removed = 0x01,  // the poll of `removed`
      cancel = 0x02,          // what is `armed`
      arm = 0x04,
      send_more = 0x08,
      cancel_send = 0x10,
      linger = 0x20,
      pause = 0x40  // before what is in `after_pause`
    };
  };

  struct Stream {
    Generation generation = 0;  // 0: not ours
    Generation removed = 0;     // had the descriptor before
    Kind kind = Kind::file;
    bool polled = false;  // readiness only, by a poll
    bool level = false;
    bool wanted = false;      // receiving, or accepting
    bool connecting = false;  // a poll tells when that is over
    Op armed = Op::ignored;   // what receives, accepts or polls in the kernel; ignored: nothing
    std::uint8_t steps = 0;   // Step
    std::uint8_t after_pause = 0;  // the same; 0: there is no pause
    bool overdue = false;          // closing: has lingered long enough
    bool listed = false;           // in to_do_
    bool holding = false;          // listed in holding_
    bool ended = false;
    bool blocked = false;  // send() took less than it was given
    bool shut = false;     // shut_down() was called
    bool closing = false;
    std::uint8_t interest = 0;  // level
    std::uint16_t pending = 0;  // operations whose last completion is to come
    int error = 0;
    std::uint32_t round = 0;       // in which it was last reported,
    std::uint32_t event = 0;       // and where
    UringBuffers::Chain received;  // by the last wait
    std::unique_ptr<Kept> kept;    // by earlier ones
    std::unique_ptr<UringOutgoing> out;
    std::unique_ptr<std::deque<int>> accepted;
  };

  static std::size_t index(int fd) { return static_cast<std::size_t>(fd); }
  Stream& stream(int fd) { return streams_[index(fd)]; }
  void reset(Stream& stream);
  void later(int fd, Stream& stream, Step::Bit step) noexcept;
  void arm_later(int fd, Stream& stream) noexcept {
    if (stream.armed == Op::ignored) later(fd, stream, Step::arm);
  }
  void after_pause(int fd, Stream& stream, Step::Bit step) noexcept;
  void hand_over();
  bool take_steps(int fd, Stream& stream);
  bool arm(int fd, Stream& stream);
  bool cancel_armed(int fd, const Stream& stream);
  bool send_rest(int fd, const Stream& stream);
  void start_send(int fd, Stream& stream);
  void keep_untaken();
  bool keep(int fd, Stream& held);
  void make_spare();
  template <typename Add>
  std::size_t begin_send(int fd, Stream& to, const Add& add);
  void keep_accepted(Stream& listener, int fd);
  void complete(const UringRing::Completion& completion);
  void received(Stream& stream, const UringRing::Completion& completion);
  void accepted(int fd, Stream& stream, int result);
  void sent(int fd, Stream& stream, int result);
  void send_ended(int fd, Stream& stream) noexcept;
  void polled(int fd, Stream& stream, int result);
  void lacks(int fd, Stream& stream, Step::Bit step, int error) noexcept;
  void report(int fd, Stream& stream, unsigned bits);
  void finish_close(int fd, Stream& stream);

  UringRing ring_;
  UringBuffers buffers_;
  std::vector<Stream> streams_;  // by descriptor
  std::vector<int> to_do_;       // each once, so that listing needs no memory
  std::vector<int> holding_;     // the same
  std::vector<std::unique_ptr<UringOutgoing>> spare_;
  std::size_t made_ = 0;        // of them there are, spare ones among them
  std::unique_ptr<Kept> lent_;  // what receive() returned last lies in it
  std::size_t closing_ = 0;
  std::uint32_t round_ = 0;
  std::span<Event> events_;  // of the running wait
  std::size_t filled_ = 0;
};

}  // namespace bunshin
