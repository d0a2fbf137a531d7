#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include "handlers/dispatcher.h"

namespace bunshin {

/// When a send buffer counts as full, in bytes.
struct Watermarks {
  std::size_t high = 256 * 1024;  ///< handle_full is called when this much waits
  std::size_t low = 64 * 1024;    ///< handle_drained is called when it is down to this again
};

/// asyncore.dispatcher_with_send: what the kernel does not take at once is kept and sent later. The
/// buffer exists only while the peer is slower than we are: an idle connection holds none. Owned by
/// its reactor, in whose thread all members are called.
class BufferedDispatcher : public Dispatcher {
 public:
  explicit BufferedDispatcher(Reactor& reactor);
  /// For a connected stream socket.
  BufferedDispatcher(Reactor& reactor, StreamSocket socket, Model model = Model::remembered);
  ~BufferedDispatcher() override;

  /// Sends, or keeps, all of `data`. False, and nothing is taken, when the connection is gone or
  /// ending, or there is no memory: then it has failed. The buffer is bounded by whoever heeds
  /// handle_full: the default stops reading.
  bool send(std::string_view data) {
    const std::size_t taken = out_ ? 0 : Dispatcher::send(data).bytes;
    return taken == data.size() || send_later(data.substr(taken));
  }
  /// The same for text that goes to many, with what else leaves in this round, at its step 7: the
  /// connection's lines of a round cost one system call, and the text is kept once for all. Costs
  /// a peer the time of the round's other callbacks; what an answer is waited for is better sent
  /// at once. More than 32 KiB do not wait for the end of the round.
  bool send_corked(const SharedText& text);
  /// Bytes taken and not yet sent.
  [[nodiscard]] std::size_t buffered() const;
  /// Asked whenever bytes are kept or sent; override to change them.
  [[nodiscard]] virtual Watermarks watermarks() const { return {}; }

  /// The buffer has reached the high watermark. Right for those who answer what they read; others
  /// override it to stop their source, or to close.
  virtual void handle_full() { pause_reading(); }
  /// The buffer is down to the low watermark again.
  virtual void handle_drained() { resume_reading(); }

  /// Ends sending when the buffer is empty, and goes on reading: the peer sees the end of file and
  /// may still answer.
  void shut_down_when_done();
  /// Reads no more for the user; sends what is buffered, ends sending, and closes when the peer has
  /// ended too, or `linger` after the last byte was handed to the kernel. (Closing a socket with
  /// unread input resets the connection, which destroys what was sent.) The master of a
  /// pseudo-terminal waits `linger` for somebody who opens its slave.
  void close_when_done(Duration linger = std::chrono::seconds(2));

  /// Closes the descriptor and drops what is buffered: the handler stays, for another connection.
  void disconnect();

  void handle_write() override;
  [[nodiscard]] bool owes() const override { return buffered() > 0; }
  void handle_finish() override { close_when_done(); }

 private:
  struct Outgoing;
  Outgoing& outgoing();
  bool send_later(std::string_view data);
  [[nodiscard]] bool takes() const;
  void tell_full();
  void sent(std::size_t bytes);
  void buffer_empty();
  void linger_over();

  std::unique_ptr<Outgoing> out_;
};

}  // namespace bunshin
