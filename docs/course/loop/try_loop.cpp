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

  Actor& connect() {
    Actor& actor = *figure.actor(figure.connect());
    pass();
    return actor;
  }
  void say(Actor& actor, std::string_view text) {
    actor.handler->send(text);
    pass();
  }
  void end(Actor& actor) {
    actor.handler->shut_down_when_done();
    pass();
  }
  void pass(int ms = 3) { figure.pass(std::chrono::milliseconds(ms)); }
  bool told(std::string_view text) {
    story += figure.take_events();
    return story.find(text) != std::string::npos;
  }
  std::string story;
};

void one_at_a_time() {
  Reader reader("two-clients-one-at-a-time", "one_at_a_time");
  Actor& first = reader.connect();
  Actor& second = reader.connect();
  reader.say(second, "I wait\n");
  reader.say(first, "hello\n");
  expect(first.heard == "hello\n" && second.heard.empty(), "the second waits");
  reader.end(first);
  expect(second.heard == "I wait\n", "and is served when the first has left");

  Reader both("two-clients-one-at-a-time", "at_once");
  both.connect();
  Actor& other = both.connect();
  both.say(other, "me\n");
  expect(other.heard == "me\n", "at once nobody waits");
}

void level_or_edge() {
  const std::string_view line = "1234567890123456\n";
  for (const std::string_view model : {"remembered", "drain", "level"}) {
    Reader reader("level-or-edge", "sips");
    reader.figure.use_model(model);
    Actor& client = reader.connect();
    reader.say(client, line);
    expect(client.heard == line, fmt::format("{} gives all back", model));
  }
  Reader reader("level-or-edge", "forgetful");
  Actor& client = reader.connect();
  reader.say(client, line);
  reader.pass(100);
  expect(client.heard == "1234", "what is forgotten does not come");
  reader.say(client, "!");
  expect(client.heard == "12345678", "the next edge gives four more");
}

void emfile() {
  Reader reader("emfile");
  Actor& first = reader.connect();
  reader.connect();
  Actor& third = reader.connect();
  reader.say(third, "room?\n");
  reader.pass(500);
  expect(third.heard.empty(), "no descriptor for the third");
  expect(reader.told("\"starved\""), "and the loop says so");
  first.handler->close();
  reader.pass(500);
  expect(third.heard == "room?\n", "one has left, and it is served");
}

void half_close() {
  Reader reader("half-close");
  Actor& client = reader.connect();
  client.handler->send("last words\n");
  client.handler->shut_down_when_done();
  reader.pass();
  expect(client.heard == "last words\n", "who has sent all still gets all");
  expect(client.state == "ended", "and then the end");
}

void slow_reader() {
  Reader reader("slow-reader");
  Actor& deaf = reader.connect();
  Actor& other = reader.connect();
  deaf.handler->pause_reading();
  for (int i = 0; i < 30; ++i) reader.say(deaf, std::string(32 * 1024, 'x'));
  reader.pass(50);
  expect(deaf.handler->buffered() > 0, "the server has stopped reading from who does not read");
  reader.say(other, "hello\n");
  expect(other.heard == "hello\n", "the other is served");
  deaf.handler->resume_reading();
  reader.pass(200);
  expect(deaf.heard_bytes == std::size_t{30} * 32 * 1024, "nothing is lost");
}

void chat() {
  Reader reader("chat");
  Actor& one = reader.connect();
  Actor& other = reader.connect();
  reader.say(one, "hello\n");
  expect(one.heard == "hello\n" && other.heard == "hello\n", "everybody hears it");
}

void julius_to_tty() {
  Reader reader("julius-to-tty");
  Actor& julius = *reader.figure.actor(0);
  Actor& robot = *reader.figure.actor(1);
  expect(julius.state == "connected", "the bridge has connected to Julius");
  reader.say(julius, "#M1\n");
  reader.pass(20);
  expect(robot.heard == "#M1\n", "the robot hears what Julius says");
}

/// One step is one callback, and slow motion goes on by itself.
void steering() {
  Reader reader("echo");
  Actor& client = reader.connect();
  reader.figure.pause();
  reader.say(client, "hello\n");
  expect(client.heard.empty(), "paused, nobody is called");
  expect(reader.told(R"("callback":"read","waiting":6)"), "the next callback is named");
  reader.figure.step();
  reader.pass();
  expect(client.heard == "hello\n", "a step is one callback");
  reader.figure.slow(100);
  reader.say(client, "again\n");
  expect(client.heard == "hello\n", "slowly, it takes its time");
  reader.pass(300);
  expect(client.heard == "hello\nagain\n", "and goes on");
  reader.figure.go_on();
  reader.say(client, "!\n");
  expect(client.heard == "hello\nagain\n!\n", "as fast as ever");
}

}  // namespace

int main() {
  for (void (*test)() : {one_at_a_time, level_or_edge, emfile, half_close, slow_reader, chat,
                         julius_to_tty, steering}) {
    test();
  }
  if (wrong == 0) fmt::print("every figure shows what the course says\n");
  return wrong == 0 ? 0 : 1;
}
