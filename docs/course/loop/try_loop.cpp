// Does each scenario show what the course says it shows? What the page does, done here.

#include <fmt/core.h>

#include <chrono>
#include <string>
#include <string_view>

#include "figure.h"

using namespace bunshin;
using namespace bunshin::loop;

namespace {

int wrong = 0;

void expect(bool holds, std::string_view what) {
  if (holds) return;
  ++wrong;
  fmt::print("not so: {}\n", what);
}

/// A figure, and what a reader does in it.
struct Reader {
  Figure figure;
  explicit Reader(std::string_view scenario, std::string_view choice = "")
      : figure(*find_scenario(scenario), choice) {}

  /// The number of the actor.
  std::size_t connect() {
    const std::size_t number = figure.connect();
    pass();
    return number;
  }
  Actor& operator[](std::size_t number) { return *figure.actor(number); }
  const std::string& heard(std::size_t number) { return figure.actor(number)->heard; }
  void act(std::size_t number, void (BufferedDispatcher::*what)()) {
    figure.act(number, [what](Actor&, BufferedDispatcher& its) { (its.*what)(); });
    pass();
  }
  void say(std::size_t number, std::string_view text) {
    figure.act(number,
               [said = std::string(text)](Actor&, BufferedDispatcher& its) { its.send(said); });
    pass();
  }
  void end(std::size_t number) { act(number, &BufferedDispatcher::shut_down_when_done); }
  void pass(int ms = 3) { figure.pass(std::chrono::milliseconds(ms)); }
  bool told(std::string_view text) {
    story += figure.take_events();
    return story.find(text) != std::string::npos;
  }
  std::string story;
};

void one_at_a_time() {
  Reader reader("two-clients-one-at-a-time", "one_at_a_time");
  const auto first = reader.connect();
  const auto second = reader.connect();
  reader.say(second, "I wait\n");
  reader.say(first, "hello\n");
  expect(reader.heard(first) == "hello\n" && reader.heard(second).empty(), "the second waits");
  reader.end(first);
  expect(reader.heard(second) == "I wait\n", "and is served when the first has left");
}

void at_once() {
  Reader reader("two-clients-one-at-a-time", "at_once");
  reader.connect();
  const auto other = reader.connect();
  reader.say(other, "me\n");
  expect(reader.heard(other) == "me\n", "at once nobody waits");
}

constexpr std::string_view kLine = "1234567890123456\n";

void level_or_edge() {
  for (const std::string_view model : {"remembered", "drain", "level"}) {
    Reader reader("level-or-edge", "sips");
    reader.figure.use_model(model);
    const auto client = reader.connect();
    reader.say(client, kLine);
    expect(reader.heard(client) == kLine, fmt::format("{} gives all back", model));
  }
}

void forgetful() {
  Reader reader("level-or-edge", "forgetful");
  const auto client = reader.connect();
  reader.say(client, kLine);
  reader.pass(100);
  expect(reader.heard(client) == "1234", "what is forgotten does not come");
  reader.say(client, "!");
  expect(reader.heard(client) == "12345678", "the next edge gives four more");
}

void emfile() {
  Reader reader("emfile");
  const auto first = reader.connect();
  reader.connect();
  const auto third = reader.connect();
  reader.say(third, "room?\n");
  reader.pass(500);
  expect(reader.heard(third).empty(), "no descriptor for the third");
  expect(reader.told("\"starved\""), "and the loop says so");
  reader.act(first, &BufferedDispatcher::disconnect);
  reader.pass(500);
  expect(reader.heard(third) == "room?\n", "one has left, and it is served");
}

void half_close() {
  Reader reader("half-close");
  const auto client = reader.connect();
  reader.say(client, "last words\n");
  reader.end(client);
  expect(reader.heard(client) == "last words\n", "who has sent all still gets all");
  expect(reader[client].state == "ended", "and then the end");
}

void slow_reader() {
  Reader reader("slow-reader");
  const auto deaf = reader.connect();
  const auto other = reader.connect();
  reader.act(deaf, &BufferedDispatcher::pause_reading);
  for (int i = 0; i < 30; ++i) reader.say(deaf, std::string(32 * 1024, 'x'));
  reader.pass(50);
  expect(reader[deaf].handler->buffered() > 0,
         "the server has stopped reading from who does not read");
  reader.say(other, "hello\n");
  expect(reader.heard(other) == "hello\n", "the other is served");
  reader.act(deaf, &BufferedDispatcher::resume_reading);
  reader.pass(200);
  expect(reader[deaf].heard_bytes == std::size_t{30} * 32 * 1024, "nothing is lost");
}

void chat() {
  Reader reader("chat");
  const auto one = reader.connect();
  const auto other = reader.connect();
  reader.say(one, "hello\n");
  expect(reader.heard(one) == "hello\n" && reader.heard(other) == "hello\n", "everybody hears it");
}

void julius_to_tty() {
  Reader reader("julius-to-tty");
  constexpr std::size_t julius = 0;
  constexpr std::size_t robot = 1;
  expect(reader[julius].state == "connected", "the bridge has connected to Julius");
  reader.say(julius, "#M1\n");
  reader.pass(20);
  expect(reader.heard(robot) == "#M1\n", "the robot hears what Julius says");
}

/// One step is one callback, and slow motion goes on by itself.
void steering() {
  Reader reader("echo");
  const auto client = reader.connect();
  reader.figure.pause();
  reader.say(client, "hello\n");
  expect(reader.heard(client).empty(), "paused, nobody is called");
  expect(reader.told(R"("callback":"read","waiting":6)"), "the next callback is named");
  reader.figure.step();
  reader.pass();
  expect(reader.heard(client) == "hello\n", "a step is one callback");
  reader.figure.slow(100);
  reader.say(client, "again\n");
  expect(reader.heard(client) == "hello\n", "slowly, it takes its time");
  reader.pass(300);
  expect(reader.heard(client) == "hello\nagain\n", "and goes on");
  reader.figure.go_on();
  reader.say(client, "!\n");
  expect(reader.heard(client) == "hello\nagain\n!\n", "as fast as ever");
}

}  // namespace

int main() {
  for (void (*test)() : {one_at_a_time, at_once, level_or_edge, forgetful, emfile, half_close,
                         slow_reader, chat, julius_to_tty, steering}) {
    test();
  }
  if (wrong == 0) fmt::print("every figure shows what the course says\n");
  return wrong == 0 ? 0 : 1;
}
