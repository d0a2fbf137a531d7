// Clients of an echo server, few and many.

#include <fmt/format.h>

#include <system_error>

#include "handlers/echo.h"
#include "tests/simulation/scenarios.h"
#include "tests/simulation/talking_client.h"

namespace bunshin::simulation {

namespace {

void echo(Run& run, std::uint32_t most_clients, std::uint32_t most_messages,
          std::uint32_t most_bytes) {
  auto& options = run.keep<EchoOptions>();
  options.limits.most = run.chance() ? 2 : 0;
  options.stop = [] {};
  const auto address = Endpoint::parse("127.0.0.1:9876");
  Process& server = run.start("server");
  if (run.serve<EchoServer>(server, address, options) == nullptr) return;
  Process& side = run.start("clients");
  auto& ledger = run.keep<TalkingClient::Ledger>(run.world);
  const std::uint32_t count = 1 + run.pick(most_clients - 1);
  for (std::uint32_t number = 0; number < count; ++number) {
    const auto plan = TalkingClient::draw_plan(run, most_messages, most_bytes);
    side.reactor().emplace<TalkingClient>(address, plan, ledger);
  }
  run.until([&ledger] { return ledger.left == 0; }, 60000);
  require(ledger.wrong.empty(), ledger.wrong);
  require(!server.over(), "the server has ended");
}

}  // namespace

void play_echo(Run& run) { echo(run, 4, 6, 20000); }

void play_load(Run& run) { echo(run, 40, 3, 30000); }

}  // namespace bunshin::simulation
