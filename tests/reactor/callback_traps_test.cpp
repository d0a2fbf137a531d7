// Trap 5: a handler that closes itself, or another, or adds one, inside any callback.

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

enum class Act { close_self, close_other, disconnect_self, add_another };

class CallbackTrapsTest : public SettingCase {
 protected:
  /// Runs `provoke`, which prepares a handler whose callback does `act`, for every act.
  template <typename Provoke>
  void for_each_act(Provoke provoke) {
    for (const Act act :
         {Act::close_self, Act::close_other, Act::disconnect_self, Act::add_another}) {
      auto [other, other_peer] = connected();
      other.collect();
      acted_ = false;
      added_ = nullptr;
      other_ = &other;
      other_peer.send("ready at the same time");
      provoke([this, act](TestHandler& self) { perform(act, self); });
      run_until([this] { return acted_; });
      if (added_ != nullptr) run_until([this] { return added_->received == "new"; });
      reactor.for_each([](EventHandler& handler) { handler.close(); });
      peers_.clear();
      rounds_in(2ms);
    }
  }
  std::vector<Peer> peers_;  // that have to stay

 private:
  void perform(Act act, TestHandler& self) {
    if (acted_) return;
    acted_ = true;
    if (act == Act::close_self) self.close();
    if (act == Act::close_other) other_->close();
    if (act == Act::disconnect_self) self.disconnect();
    if (act != Act::add_another) return;
    Connection fresh = make_connection(family());
    added_ = &add(std::move(fresh.ours), kind());
    added_->collect();
    fresh.peer.send("new");
    peers_.push_back(std::move(fresh.peer));
  }
  bool acted_ = false;
  TestHandler* other_ = nullptr;
  TestHandler* added_ = nullptr;
};
BUNSHIN_EVERY_SETTING(CallbackTrapsTest);

TEST_P(CallbackTrapsTest, Trap05_InHandleRead) {
  for_each_act([this](auto act) {
    auto [handler, peer] = connected();
    handler.on_read = [this, act, &handler = handler] {
      act(handler);
      if (handler.descriptor() >= 0) reactor.recv(handler, 100);
    };
    peer.send("x");
    peers_.push_back(std::move(peer));
  });
}

TEST_P(CallbackTrapsTest, Trap05_InHandleWrite) {
  for_each_act([this](auto act) {
    auto [handler, peer] = connected();
    handler.on_write = [act, &handler = handler] {
      handler.want_write(false);
      act(handler);
    };
    handler.want_write(true);
    peers_.push_back(std::move(peer));
  });
}

TEST_P(CallbackTrapsTest, Trap05_InHandleClose) {
  for_each_act([this](auto act) {
    auto [handler, peer] = connected();
    handler.collect();
    handler.on_close = [act, &handler = handler] {
      act(handler);
      handler.disconnect();
    };
    peer.close();
  });
}

TEST_P(CallbackTrapsTest, Trap05_InHandleError) {
  for_each_act([this](auto act) {
    auto [handler, peer] = connected();
    handler.on_read = [] { throw std::runtime_error("provoked"); };
    handler.on_error = [act, &handler = handler] { act(handler); };
    handler.on_close = [&handler = handler] { handler.close(); };
    peer.send("x");
    peers_.push_back(std::move(peer));
  });
}

TEST_P(CallbackTrapsTest, Trap05_InHandleAccept) {
  for_each_act([this](auto act) {
    Listener listener(family());
    auto& handler = add(std::move(listener.socket), Kind::listener);
    handler.on_accept = [this, act, &handler] {
      act(handler);
      if (handler.descriptor() >= 0) reactor.accept(handler);
    };
    peers_.emplace_back(listener.address);
  });
}

TEST_P(CallbackTrapsTest, Trap05_InHandleConnect) {
  for_each_act([this](auto act) {
    auto listener = std::make_shared<Listener>(family());
    auto& handler = reactor.emplace<TestHandler>();
    handler.on_connect = [act, &handler, listener] { act(handler); };
    reactor.connect(handler, listener->address);
  });
}

TEST_P(CallbackTrapsTest, Trap05_InHandleConnectError) {
  if (!GetParam().internet()) return;  // a unix socket knows at once, and connect() throws
  const SocketAddress nobody = refusing_address(family());
  for_each_act([&](auto act) {
    auto& handler = reactor.emplace<TestHandler>();
    handler.on_connect_error = [act, &handler](int) { act(handler); };
    reactor.connect(handler, nobody);
  });
}

TEST_P(CallbackTrapsTest, Trap05_InReadableAndWritable) {
  struct Asked : TestHandler {
    using TestHandler::TestHandler;
    std::function<void()> when_asked;
    bool readable() override {
      if (when_asked) when_asked();
      return false;
    }
    bool writable() override { return false; }
  };
  for_each_act([this](auto act) {
    auto [handler, peer] = connected<Asked>();
    handler.when_asked = [act, &handler = handler] { act(handler); };
    peer.send("x");
    peers_.push_back(std::move(peer));
  });
}

TEST_P(CallbackTrapsTest, Trap05_InATimerAndAPostedFunction) {
  for (const bool posted : {true, false}) {
    for_each_act([this, posted](auto act) {
      auto [handler, peer] = connected();
      handler.collect();
      peer.send("x");
      peers_.push_back(std::move(peer));
      auto function = [act, &handler = handler] { act(handler); };
      if (posted) {
        reactor.post(function);
      } else {
        reactor.call_later(1ms, function);
      }
    });
  }
}

}  // namespace
}  // namespace bunshin::testing
