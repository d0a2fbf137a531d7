#pragma once

#include <cstdint>
#include <string_view>

#include "reactor/engine.h"
#include "reactor/unique_fd.h"

#ifndef __cpp_rtti
#error "bunshin's messages name a handler by its type: compile with RTTI (without -fno-rtti)"
#endif

namespace bunshin {

class Reactor;

/// One descriptor and what to do when it is ready: the virtual functions of Python's
/// asyncore.dispatcher, by the same names. Owned by its reactor (Reactor::adopt), which must
/// outlive it; all members are called in the reactor's thread. An exception that leaves a callback
/// reaches handle_error of this handler, which is then closed; the loop lives on. (A listener is
/// not closed: what handle_accept throws belongs to the one connection.)
class EventHandler {
 public:
  explicit EventHandler(Reactor& reactor);
  EventHandler(const EventHandler&) = delete;
  EventHandler& operator=(const EventHandler&) = delete;
  virtual ~EventHandler();

  /// A listening socket has a connection to accept.
  virtual void handle_accept() {}
  /// A connect has succeeded.
  virtual void handle_connect() {}
  /// A connect has failed with `error` (errno); the descriptor is already closed. Throws
  /// std::system_error by default, which ends in handle_error.
  virtual void handle_connect_error(int error);
  /// There are bytes to read, or the end of file, which only reading will tell. Called again as
  /// long as there is more, so reading once is enough.
  virtual void handle_read() {}
  /// There is room to write, and writable() or want_write() asked for it.
  virtual void handle_write() {}
  /// Out-of-band data (TCP urgent) arrived.
  virtual void handle_expt() {}
  /// The end of file was read and nothing is owed any more, or the connection failed: error() tells
  /// which. Called once a connection. The default closes; if this is a listening socket which can
  /// accept no more, for good, it lets run() throw a std::system_error that says so, besides.
  virtual void handle_close();
  /// A callback threw; std::current_exception() holds it. The default logs it. Afterwards
  /// handle_close is called unless the handler is closed already.
  virtual void handle_error();
  /// The program wants to end: finish what is owed, then close. The default closes.
  virtual void handle_finish() { close(); }

  /// Whether bytes are wanted now. Asked while the descriptor is readable; after a refusal, before
  /// every wait. (Unlike pause_reading(), which needs no asking.) Overriders must not call this
  /// default: it tells the reactor never to ask again.
  virtual bool readable();
  /// Whether there is something to write. False by default, unlike asyncore's: every fresh socket
  /// is writable. As with readable(), overriders must not call the default.
  virtual bool writable();
  /// Whether bytes accepted for sending have not been sent yet; keeps handle_close waiting at the
  /// end of file.
  [[nodiscard]] virtual bool owes() const { return false; }

  /// Stops and resumes handle_read and handle_accept. Readiness is remembered meanwhile.
  void pause_reading();
  void resume_reading();
  [[nodiscard]] bool reading_paused() const;
  /// No handle_read from now on. A socket's input is read and dropped until the end of file,
  /// because closing with unread input resets the connection; a file's is left to those who share
  /// it.
  void discard_input();
  /// Whether handle_write is wanted.
  void want_write(bool wanted);

  /// Ends the registration, closes the descriptor and forgets pending events, at once; the object
  /// itself is destroyed at the end of the round. Safe in any callback, and more than once.
  void close();
  [[nodiscard]] bool closed() const { return (flags_ & kClosed) != 0; }
  /// Ends the connection as an operation that failed with `error` (errno) would: handle_close
  /// follows.
  void fail(int error);
  /// Closes the descriptor only: the handler stays, for another connection.
  void disconnect();

  /// From now on it is in the background: run() does not go on for its sake, finish() does not tell
  /// it.
  void unref();
  [[nodiscard]] bool has_ref() const { return (flags_ & kInternal) == 0; }

  [[nodiscard]] Reactor& reactor() const { return *reactor_; }
  /// -1 when there is none.
  [[nodiscard]] int descriptor() const { return fd_.get(); }
  /// Whether there is a descriptor whose connection stands.
  [[nodiscard]] bool connected() const { return fd_ && (flags_ & (kConnecting | kListening)) == 0; }
  [[nodiscard]] bool connecting() const { return (flags_ & kConnecting) != 0; }
  /// What is remembered of its readiness: readable and writable of `ready`. For those who look on.
  [[nodiscard]] std::uint8_t known_ready() const { return bits_; }
  /// Whether the end of file was read: the peer will send no more.
  [[nodiscard]] bool ended() const { return (flags_ & kEndOfFile) != 0; }
  /// errno of the operation that ended the connection; 0 when the peer ended it in peace.
  [[nodiscard]] int error() const { return error_; }

 private:
  friend class Reactor;

  // State of the registration, in groups. It lives here and not in a table, so that an operation
  // finds it without a search.

  // Identity
  static constexpr std::uint32_t kOwned = 1U << 0;        // by the reactor: adopt() was called
  static constexpr std::uint32_t kInternal = 1U << 1;     // does not keep run() going
  static constexpr std::uint32_t kReadsAlways = 1U << 2;  // readable() is not overridden
  static constexpr std::uint32_t kNeverAsks = 1U << 3;    // writable() is not overridden

  // Phase of the connection
  static constexpr std::uint32_t kListening = 1U << 4;
  static constexpr std::uint32_t kConnecting = 1U << 5;
  static constexpr std::uint32_t kEndOfFile = 1U << 6;
  static constexpr std::uint32_t kFailed = 1U << 7;
  static constexpr std::uint32_t kCloseTold = 1U << 8;  // handle_close was called
  static constexpr std::uint32_t kClosed = 1U << 9;

  // Wishes
  static constexpr std::uint32_t kPaused = 1U << 10;     // pause_reading()
  static constexpr std::uint32_t kWantWrite = 1U << 11;  // want_write(true)
  static constexpr std::uint32_t kDiscards = 1U << 12;   // discard_input()

  // Lists and pauses
  static constexpr std::uint32_t kReadyListed = 1U << 13;
  static constexpr std::uint32_t kAskListed = 1U << 14;
  static constexpr std::uint32_t kStuck = 1U << 15;    // parked by the no-progress detector
  static constexpr std::uint32_t kStarved = 1U << 16;  // the kernel lacked something

  // What was told
  static constexpr std::uint32_t kUrgent = 1U << 17;       // handle_expt is due
  static constexpr std::uint32_t kUrgentTold = 1U << 18;   // level: handle_expt was called for it
  static constexpr std::uint32_t kStuckLogged = 1U << 19;  // once is enough

  // How readiness is known
  static constexpr std::uint32_t kShortIsEmpty = 1U << 20;  // a short read means exhausted
  static constexpr std::uint32_t kRearms = 1U << 21;     // the engine wants to hear of exhaustion
  static constexpr std::uint32_t kOtherwise = 1U << 22;  // no plain stream: ask its medium
  static constexpr std::uint32_t kLevel = 1U << 23;
  static constexpr std::uint32_t kDead = 1U << 24;   // level: hung up, taken out of the engine
  static constexpr std::uint32_t kQuick = 1U << 25;  // short is empty, and nobody is to hear of it

  static constexpr std::uint32_t kObserved = 1U << 26;  // each step is told: see Observer
  static constexpr std::uint32_t kHeld = 1U << 27;      // its turn waits: see Reactor::pause
  static constexpr std::uint32_t kCorked = 1U << 28;    // handle_write waits: see Reactor::cork

  /// What ends when more may wait behind the data than a short read tells.
  static constexpr std::uint32_t kTrustsShort = kShortIsEmpty | kQuick;
  /// Nothing more will come, or go.
  static constexpr std::uint32_t kEnded = kEndOfFile | kFailed;
  /// Nobody is to be called for reading.
  static constexpr std::uint32_t kNoReading = kPaused | kStuck | kStarved | kEnded | kHeld;
  /// Nobody is to be called for writing.
  static constexpr std::uint32_t kNoWriting = kStuck | kStarved | kFailed | kHeld | kCorked;
  /// What survives a disconnect().
  static constexpr std::uint32_t kLasting = kOwned | kClosed | kReadsAlways | kNeverAsks |
                                            kReadyListed | kAskListed | kInternal | kStuckLogged |
                                            kObserved | kHeld | kCorked;
  /// What a handler may have asked for before it has a descriptor.
  static constexpr std::uint32_t kAskedBefore = kPaused | kWantWrite | kDiscards;

  Reactor* reactor_;
  UniqueFd fd_;
  Generation generation_ = 0;
  std::uint32_t flags_ = 0;
  std::uint32_t slot_ = 0;  // where the reactor keeps its unique_ptr
  int error_ = 0;
  std::uint8_t bits_ = 0;        // remembered readiness: readable, writable
  std::uint8_t interest_ = 0;    // level only: what the engine was told last
  std::uint8_t idle_calls_ = 0;  // callbacks in a row without an operation
  Sort sort_ = Sort::none;
};

}  // namespace bunshin
