#include <memory>
#include <string>

#include "handlers/chat.h"
#include "tools/command.h"
#include "tools/commands.h"

namespace bunshin {

void add_chat_command(CLI::App& app) {
  auto address = std::make_shared<std::string>("127.0.0.1:9876");
  auto options = std::make_shared<ChatOptions>();
  CLI::App* chat = app.add_subcommand("chat", "Serve chat: every line goes to every client");
  chat->add_option("ADDRESS", *address, "Where to listen")->capture_default_str();
  add_limit_options(*chat, options->limits);
  auto loop = add_loop_options(*chat);
  chat->callback([address, options, loop] {
    const Endpoint endpoint = parse_address(*address);
    Reactor reactor(*loop);
    finish_on_signals(reactor);
    const auto& server = reactor.emplace<ChatServer>(endpoint, *options);
    announce(server.local_address().to_string());
    run_loop(reactor);
  });
}

}  // namespace bunshin
