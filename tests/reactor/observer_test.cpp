#include "reactor/observer.h"

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

class Notes : public Observer {
 public:
  void round_begins(std::uint64_t) override { note("round"); }
  void waited(Duration, std::size_t events) override {
    if (events > 0) note("waited");
  }
  void round_ends() override { note("end"); }
  void opened(const EventHandler&, Kind, Model) override { note("opened"); }
  void closing(const EventHandler&) override { note("closing"); }
  void ready(const EventHandler&, std::uint8_t bits) override {
    if ((bits & ready::readable) != 0) note("readable");
  }
  void interest_changed(const EventHandler&) override { note("interest"); }
  void begins(const EventHandler&, Callback callback) override {
    note("begins " + std::to_string(static_cast<int>(callback)));
  }
  void ends(const EventHandler&, Callback callback) override {
    note("ends " + std::to_string(static_cast<int>(callback)));
  }
  void did(const EventHandler&, Operation operation, std::size_t, const IoResult& result) override {
    note((operation == Operation::receive ? "received " : "sent ") + std::to_string(result.bytes));
  }
  void stuck(const EventHandler&) override { note("stuck"); }
  void parked(const EventHandler&) override { note("parked"); }
  void posts_begin(std::size_t count) override { note("posts " + std::to_string(count)); }
  void timers_begin() override { note("timers"); }

  std::vector<std::string> lines;

 private:
  void note(std::string line) { lines.push_back(std::move(line)); }
};

std::string begins(Callback callback) {
  return "begins " + std::to_string(static_cast<int>(callback));
}
std::string ends(Callback callback) { return "ends " + std::to_string(static_cast<int>(callback)); }

class ObserverTest : public SettingCase {
 protected:
  ~ObserverTest() override { reactor.observe(nullptr); }
  /// What was told of an echoed byte: what no engine does otherwise.
  std::vector<std::string> without_rounds() {
    std::vector<std::string> lines;
    for (const std::string& line : notes.lines) {
      if (line == "round" || line == "end" || line == "waited") continue;
      if (line == "received 0" || line == "readable") continue;
      if (line == "parked") continue;
      if (line == ends(Callback::read) && lines.back() == begins(Callback::read)) {
        lines.pop_back();  // one that found nothing
      } else {
        lines.push_back(line);
      }
    }
    return lines;
  }
  Notes notes;
};
BUNSHIN_EVERY_SETTING(ObserverTest);

class Echo : public TestHandler {
 public:
  using TestHandler::TestHandler;
  void handle_read() override {
    const auto data = reactor().recv(*this);
    if (!data.empty()) reactor().send(*this, data);
  }
};

TEST_P(ObserverTest, IsToldWhatHappensInItsOrder) {
  reactor.observe(&notes);
  auto [handler, peer] = connected<Echo>();
  settle();
  peer.send("x");
  EXPECT_EQ(receive(peer, 1), "x");
  reactor.post([] {});
  reactor.call_later(0ms, [] {});
  settle();
  handler.close();
  settle();
  EXPECT_THAT(without_rounds(),
              ElementsAre("opened", begins(Callback::read), "received 1", "sent 1",
                          ends(Callback::read), "posts 1", "timers", "closing"));
  EXPECT_THAT(notes.lines, Contains("readable"));
  EXPECT_THAT(notes.lines, Contains("waited"));
  EXPECT_EQ(notes.lines.front(), "opened");
  EXPECT_EQ(notes.lines.back(), "end");
}

TEST_P(ObserverTest, ComesAndGoes) {
  auto [handler, peer] = connected<Echo>();
  settle();
  reactor.observe(&notes);
  peer.send("x");
  EXPECT_EQ(receive(peer, 1), "x");
  EXPECT_THAT(notes.lines, Contains(begins(Callback::read)));
  reactor.observe(nullptr);
  notes.lines.clear();
  peer.send("y");
  EXPECT_EQ(receive(peer, 1), "y");
  EXPECT_TRUE(notes.lines.empty());
}

TEST_P(ObserverTest, IsToldWhatALevelTriggeredOneCosts) {
  reactor.observe(&notes);
  auto [handler, peer] = connected<Echo>(Model::level);
  handler.pause_reading();
  EXPECT_THAT(notes.lines, Contains("interest").Times(1));
  handler.pause_reading();
  EXPECT_THAT(notes.lines, Contains("interest").Times(1));
  handler.resume_reading();
  EXPECT_THAT(notes.lines, Contains("interest").Times(2));
}

class Thrower : public Observer {
 public:
  void begins(const EventHandler&, Callback) override {
    ++asked;
    throw std::runtime_error("an observer's own fault");
  }
  int asked = 0;
};

TEST_P(ObserverTest, OneThatThrowsIsTakenOffAndTold) {
  Thrower thrower;
  reactor.observe(&thrower);
  auto [handler, peer] = connected<Echo>();
  settle();
  peer.send("x");
  EXPECT_EQ(receive(peer, 1), "x");
  peer.send("y");
  EXPECT_EQ(receive(peer, 1), "y");
  EXPECT_EQ(thrower.asked, 1);
  EXPECT_EQ(log.count("an observer of the loop threw"), 1U);
  EXPECT_FALSE(handler.closed());
}

TEST_P(ObserverTest, IsNotChangedFromACallback) {
  bool refused = false;
  reactor.post([&] {
    try {
      reactor.observe(nullptr);
    } catch (const std::logic_error&) {
      refused = true;
    }
  });
  settle();
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace bunshin::testing
