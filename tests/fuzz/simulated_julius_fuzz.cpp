// What a client may say to the simulated engine, at any point of what that says.

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "bridge/block_framer.h"
#include "bridge/julius_message.h"
#include "bridge/simulated_julius.h"
#include "reactor/log.h"
#include "reactor/reactor.h"
#include "tests/fuzz/fuzz.h"

namespace bunshin::fuzzing {
namespace {

constexpr std::string_view kSaid =
    "<STARTPROC/>\n.\n<INPUT STATUS=\"LISTEN\" TIME=\"1\"/>\n.\n"
    "<INPUT STATUS=\"STARTREC\" TIME=\"2\"/>\n.\n<INPUT STATUS=\"ENDREC\" TIME=\"3\"/>\n.\n"
    "<RECOGOUT>\n  <SHYPO RANK=\"1\">\n    <WHYPO WORD=\"a\"/>\n  </SHYPO>\n</RECOGOUT>\n.\n"
    "<INPUT STATUS=\"LISTEN\" TIME=\"4\"/>\n.\n";
constexpr std::size_t kRow = 9;

/// What is said, in rows that end inside of words, 20 microseconds apart.
JuliusTranscript transcript() {
  std::string table;
  for (std::size_t at = 0; at < kSaid.size(); at += kRow) {
    table += fmt::format("{:.2f}\t<\t{}\n", static_cast<double>(at / kRow) * 0.02,
                         std::min(kRow, kSaid.size() - at));
  }
  return JuliusTranscript::parse(table, std::string(kSaid), "said.tsv");
}

/// The engine, listening for ever.
struct Engine {
  Engine() {
    set_log_level(LogLevel::error);
    reactor.emplace<SimulatedJulius>(Endpoint::parse("unix:" + path), transcript(),
                                     SimulatedJulius::Options{});
  }
  UniqueFd connect() const {
    const SocketAddress address = *Endpoint::parse("unix:" + path).numeric();
    UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    require(::connect(client.get(), address.data(), address.size()) == 0, "it listens");
    return client;
  }
  const std::string path = fmt::format("/tmp/bunshin-fuzz-{}", ::getpid());
  Reactor reactor;
};

/// The end of file ends it too.
bool read_now(const UniqueFd& client, BlockFramer& framer) {
  std::array<char, 4096> buffer;
  ssize_t count = 0;
  while ((count = ::recv(client.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0) {
    framer.feed(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  }
  return count < 0 && errno == EAGAIN;
}

}  // namespace
}  // namespace bunshin::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bunshin;
  using namespace bunshin::fuzzing;
  static bunshin::fuzzing::Engine engine;
  Input input(data, size);
  const std::uint8_t seed = input.number();
  BlockFramer framer;
  const UniqueFd client = engine.connect();
  in_pieces(input.rest(), seed, [&](std::string_view piece) {
    (void)::send(client.get(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    engine.reactor.run_once(std::chrono::microseconds(20));
    read_now(client, framer);
  });
  ::shutdown(client.get(), SHUT_WR);
  while (read_now(client, framer)) engine.reactor.run_once(std::chrono::milliseconds(1));
  while (const auto block = framer.next()) {
    const JuliusParse parse = parse_julius_block(block->bytes);
    require(parse.ok() && parse.spoilt.empty(), "every block is whole");
    require(parse.message.kind != JuliusKind::unknown, "every block is one the engine has");
  }
  return 0;
}
