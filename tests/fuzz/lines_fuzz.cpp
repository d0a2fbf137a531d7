// Lines, whatever arrives together, through a real socket.

#include <sys/socket.h>

#include <string>
#include <vector>

#include "handlers/line_handler.h"
#include "reactor/reactor.h"
#include "tests/fuzz/fuzz.h"

namespace bunshin::fuzzing {
namespace {

constexpr std::size_t kLimit = 256;

class Lines : public LineHandler {
 public:
  Lines(Reactor& reactor, StreamSocket socket, std::vector<std::string>& lines, bool& gone)
      : LineHandler(reactor, std::move(socket)), lines_(lines), gone_(gone) {
    set_size_limit(kLimit);
  }
  ~Lines() override {
    require(collected().size() <= kLimit, "what is collected is bounded");
    gone_ = true;
  }
  void found_terminator(std::string_view line) override { lines_.emplace_back(line); }
  void handle_overlong() override { lines_.emplace_back("(overlong)"); }

 private:
  std::vector<std::string>& lines_;
  bool& gone_;
};

bool has_overlong(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > kLimit) return true;
    begin = end + 1;
  }
  return false;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t end; (end = text.find('\n')) != text.npos; text.remove_prefix(end + 1)) {
    lines.emplace_back(text.substr(0, end));
  }
  return lines;
}

}  // namespace
}  // namespace bunshin::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bunshin;
  using namespace bunshin::fuzzing;
  static Reactor reactor;
  Input input(data, size);
  const std::uint8_t seed = input.number();
  const std::string_view text = input.rest();
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) return 0;
  const UniqueFd peer(ends[1]);
  std::vector<std::string> lines;
  bool gone = false;
  reactor.emplace<Lines>(UniqueFd(ends[0]), lines, gone);
  in_pieces(text, seed, [&](std::string_view piece) {
    (void)::send(peer.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (piece.size() % 2 == 0) reactor.run_once(Duration::zero());  // others arrive together
  });
  ::shutdown(peer.get(), SHUT_WR);
  while (!gone) reactor.run_once(std::chrono::seconds(1));
  require(has_overlong(text) || lines == split(text), "the lines are those that were sent");
  return 0;
}
