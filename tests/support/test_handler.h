#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

#include "reactor/reactor.h"
#include "reactor/sockets.h"

namespace bunshin::testing {

/// Does in each callback what the case put there; a callback for which there is nothing fails the
/// test. Says once it is destroyed when given something to set.
class TestHandler : public EventHandler {
 public:
  using EventHandler::EventHandler;
  ~TestHandler() override {
    if (on_destroy) on_destroy();
  }

  std::function<void()> on_accept, on_connect, on_read, on_write, on_expt, on_close, on_error,
      on_finish, on_destroy;
  std::function<void(int)> on_connect_error;
  std::size_t called = 0;  // callbacks, of all kinds

  void handle_accept() override { call(on_accept, "handle_accept"); }
  void handle_connect() override { call(on_connect, "handle_connect"); }
  void handle_read() override { call(on_read, "handle_read"); }
  void handle_write() override { call(on_write, "handle_write"); }
  void handle_expt() override { call(on_expt, "handle_expt"); }
  void handle_close() override { call(on_close, "handle_close"); }
  void handle_error() override { call(on_error, "handle_error"); }
  void handle_finish() override { call(on_finish, "handle_finish"); }
  void handle_connect_error(int error) override {
    ++called;
    if (!on_connect_error) {
      ADD_FAILURE() << "unexpected handle_connect_error: " << error;
      return;
    }
    const auto function = on_connect_error;
    function(error);
  }

  /// Receives everything there is into `received`, `piece` bytes a call.
  TestHandler& collect(std::size_t piece = 65536) {
    on_read = [this, piece] { received += reactor().recv(*this, piece); };
    return *this;
  }
  /// Notes the end and closes the descriptor, but stays, so that the case can look at it.
  TestHandler& expect_close() {
    on_close = [this] {
      ++closes;
      close_error = error();
      disconnect();
    };
    return *this;
  }
  std::string received;
  int closes = 0;
  int close_error = -1;

 private:
  void call(const std::function<void()>& function, const char* name) {
    ++called;
    if (!function) {
      ADD_FAILURE() << "unexpected " << name;
      return disconnect();
    }
    const auto copy = function;  // it may be replaced meanwhile
    copy();
  }
};

/// Answers readable() and writable() as told, and counts how often it was asked.
class AskedHandler : public TestHandler {
 public:
  using TestHandler::TestHandler;
  bool wants_read = true;
  bool wants_write = false;
  bool in_debt = false;
  std::size_t asked_read = 0;
  std::size_t asked_write = 0;
  bool readable() override {
    ++asked_read;
    return wants_read;
  }
  bool writable() override {
    ++asked_write;
    return wants_write;
  }
  [[nodiscard]] bool owes() const override { return in_debt; }
};

}  // namespace bunshin::testing
