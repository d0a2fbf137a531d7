// Serial lines that are pulled out and come back, descriptors that have another name, and files.

#include <fmt/format.h>

#include <system_error>

#include "handlers/file_dispatcher.h"
#include "reactor/host.h"
#include "tests/simulation/scenarios.h"

namespace bunshin::simulation {

namespace {

constexpr const char* kLine = "/dev/line";

class LineEcho : public FileDispatcher {
 public:
  using FileDispatcher::FileDispatcher;
  void handle_read() override { send(recv(64)); }
};

struct Heard {
  std::string text = {};
  bool over = false;
  bool lost = false;
};

/// A computer's side of the line: says something and reads it back. Careless: it goes on writing
/// when it has nothing to say. Others have its descriptor by another name, and keep it open.
class LineUser : public Dispatcher {
 public:
  LineUser(Reactor& reactor, UniqueFd line, Model model, std::string text, Heard& heard)
      : Dispatcher(reactor), text_(std::move(text)), heard_(heard) {
    reactor.add(*this, std::move(line), Kind::file, model);
    want_write(true);
  }
  ~LineUser() override { heard_.over = true; }
  void handle_write() override { said_ += send(std::string_view(text_).substr(said_)).bytes; }
  void handle_read() override {
    heard_.text += recv(32);
    if (heard_.text.size() >= text_.size()) close();
  }
  void handle_close() override {
    heard_.lost = true;
    close();
  }

 private:
  const std::string text_;
  std::size_t said_ = 0;
  Heard& heard_;
};

/// Reads nothing just now, level-triggered: a hang-up is all that it can be told.
class Sleeper : public Dispatcher {
 public:
  Sleeper(Reactor& reactor, UniqueFd line) : Dispatcher(reactor) {
    pause_reading();
    reactor.add(*this, std::move(line), Kind::file, Model::level);
  }
  void handle_close() override { close(); }
};

class Reader : public FileDispatcher {
 public:
  Reader(Reactor& reactor, UniqueFd file, Heard& heard)
      : FileDispatcher(reactor, std::move(file)), heard_(heard) {}
  ~Reader() override { heard_.over = true; }
  void handle_read() override { heard_.text += recv(100); }

 private:
  Heard& heard_;
};

std::string text_of(std::uint32_t bytes) {
  std::string text;
  for (std::uint32_t index = 0; index < bytes; ++index) {
    text += static_cast<char>('a' + (index * 7 + index / 26) % 26);
  }
  return text;
}

void use_line(Run& run, Process& side, LineEcho& device) {
  const auto line = side.open_line(kLine, {});
  constexpr Model kModels[] = {Model::remembered, Model::drain, Model::level};
  const std::string text = text_of(1 + run.pick(400));
  auto& heard = run.keep<Heard>();
  side.reactor().emplace<LineUser>(line->duplicate(), kModels[run.pick(2)], text, heard);
  if (run.chance()) side.reactor().emplace<Sleeper>(line->duplicate());
  const auto spoilt = [&run] { return run.draws().happened(Choice::lost_byte) > 0; };
  run.until([&] { return heard.over || spoilt(); });
  const bool broken = heard.lost || spoilt();
  require(broken || heard.text == text, "the line gave back something else than was said");
  // The line is still open by its other name, and nobody watches it.
  if (!device.closed()) device.reactor().post([&device] { device.send("anybody?"); });
  run.settle();
}

void read_file(Run& run, Process& side) {
  const std::string content = text_of(run.pick(3) * 700);
  auto& heard = run.keep<Heard>();
  side.reactor().emplace<Reader>(run.world.make_file(side, content), heard);
  run.until([&heard] { return heard.over; });
  require(heard.text == content, "a file is not read as it is");
}

}  // namespace

void play_lines(Run& run) {
  Process& device = run.start("device");
  Process& side = run.start("computer");
  side.reactor().keep_running();
  try {
    auto& echo = device.reactor().emplace<LineEcho>(run.world.make_line(device, kLine));
    read_file(run, side);
    use_line(run, side, echo);
  } catch (const std::system_error& error) {
    run.excuse(error);
  }
}

}  // namespace bunshin::simulation
