// A room in which everybody hears everybody.

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "handlers/chat.h"
#include "reactor/host.h"
#include "tests/simulation/scenarios.h"

namespace bunshin::simulation {

namespace {

constexpr std::uint32_t kMostGuests = 6;

struct Party {
  const World& world;
  bool may_be_dropped = false;
  std::size_t left = 0;
  std::string wrong = {};
  std::vector<std::string> said = {};  // by each guest, without the ends of its lines
};

/// Says lines of its own letters, and leaves when it has heard them all.
class Guest : public LineHandler {
 public:
  Guest(Reactor& reactor, const Endpoint& server, Party& party, std::uint32_t lines,
        std::uint32_t size, bool at_once)
      : LineHandler(reactor),
        party_(party),
        number_(party.left++),
        lines_(lines),
        size_(size),
        at_once_(at_once),
        heard_(kMostGuests) {
    party_.said.emplace_back();
    set_terminator("\n");
    connect(server);
  }
  ~Guest() override {
    --party_.left;
    if (party_.wrong.empty()) party_.wrong = missed();
  }

  void handle_connect() override {
    name_ = reactor().host().local_name(descriptor());
    say();
  }
  void handle_connect_error(int) override {
    refused_ = true;
    close();
  }
  /// Parts of a line that arrive late may be told as lines of their own.
  void found_terminator(std::string_view line) override {
    for (const char letter : line) {
      const auto speaker = static_cast<std::size_t>(letter - 'a') / 4;
      if (speaker >= party_.said.size()) {
        if (wrong_.empty()) wrong_ = fmt::format("guest {} hears what nobody said", number_);
        return;
      }
      heard_[speaker] += letter;
    }
    if (heard_[number_].size() < party_.said[number_].size()) return;
    if (lines_ > 0) return say();
    done_ = true;
    close_when_done();
  }
  void handle_close() override { close(); }
  void handle_full() override {}
  void handle_drained() override {}

 private:
  void say() {
    do {
      if (lines_ == 0) return;
      --lines_;
      std::string line;
      for (std::uint32_t index = 0; index < size_; ++index) {
        const auto spoken = party_.said[number_].size();
        line += static_cast<char>('a' + 4 * number_ + (spoken / 4 + spoken * spoken) % 4);
        party_.said[number_] += line.back();
      }
      send(line + "\n");
    } while (at_once_);
  }

  [[nodiscard]] std::string missed() const {
    if (!wrong_.empty() || refused_ || name_.size() == 0) return wrong_;
    for (std::size_t speaker = 0; speaker < party_.said.size(); ++speaker) {
      const std::string& heard = heard_[speaker];
      const bool whole = speaker == number_ ? party_.said[speaker].starts_with(heard)
                                            : party_.said[speaker].find(heard) != heard.npos;
      if (!whole) return fmt::format("guest {} does not hear what guest {} says", number_, speaker);
    }
    if (done_ || party_.may_be_dropped || party_.world.harmed(name_)) return "";
    return fmt::format("guest {} lost a connection that nobody harmed", number_);
  }

  Party& party_;
  const std::size_t number_;
  std::uint32_t lines_;
  const std::uint32_t size_;
  const bool at_once_;
  SocketAddress name_;
  std::vector<std::string> heard_;
  std::string wrong_;
  bool refused_ = false;
  bool done_ = false;
};

/// What is kept for whom it is the most: the others are owed the same texts.
std::size_t most_owed(Process& server) {
  std::size_t most = 0;
  server.reactor().for_each([&most](EventHandler& handler) {
    const auto* const member = dynamic_cast<const ChatHandler*>(&handler);
    if (member != nullptr) most = std::max(most, member->buffered());
  });
  return most;
}

}  // namespace

void play_chat(Run& run) {
  const auto address = Endpoint::parse("127.0.0.1:9877");
  ChatOptions options;
  options.patience = std::chrono::seconds(60);  // longer than the world stops anybody
  const bool short_of_memory = run.pick(3) == 3;
  if (short_of_memory) options.most_owed = 3000;
  Process& server = run.start("server");
  if (run.serve<ChatServer>(server, address, options) == nullptr) return;
  Process& side = run.start("guests");
  auto& party = run.keep<Party>(run.world, short_of_memory);
  const std::uint32_t count = 1 + run.pick(kMostGuests - 1);
  for (std::uint32_t number = 0; number < count; ++number) {
    const std::uint32_t sizes[] = {1, 20, 300, 8000};
    const std::uint32_t lines = 1 + run.pick(7);
    const std::uint32_t size = sizes[run.pick(3)];  // one draw a statement: compilers differ
    const bool at_once = run.chance();
    side.reactor().emplace<Guest>(address, party, lines, size, at_once);
  }
  // What is owed to those in the room, and what is kept for those who have left it.
  const std::size_t most = options.most_owed + 64 * 1024;
  run.until(
      [&] {
        require(most_owed(server) <= most, "the server keeps more than it may");
        return party.left == 0;
      },
      20000);
  require(party.wrong.empty(), party.wrong);
}

}  // namespace bunshin::simulation
