#include <memory>
#include <string>

#include "handlers/chat.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/scope_options.h"

namespace bunshin {

void add_chat_command(CLI::App& app) {
  auto address = std::make_shared<std::string>("127.0.0.1:9876");
  auto options = std::make_shared<ChatOptions>();
  CLI::App* chat = app.add_subcommand("chat", "Serve chat: every line goes to every client");
  chat->add_option("ADDRESS", *address, "Where to listen")->capture_default_str();
  add_limit_options(*chat, options->limits);
  auto loop = add_loop_options(*chat);
  auto scope_arguments = add_scope_options(*chat);
  chat->callback([address, options, loop, scope_arguments] {
    const Endpoint endpoint = parse_address(*address);
    Reactor reactor(*loop);
    ChatServer* chat_server = nullptr;
    const auto scope = watch_loop(reactor, *scope_arguments, "bunshin chat",
                                  [&chat_server](Model model) { chat_server->set_model(model); });
    finish_on_signals(reactor);
    auto& server = reactor.emplace<ChatServer>(endpoint, *options);
    chat_server = &server;
    announce(server.local_address().to_string());
    run_loop(reactor);
  });
}

}  // namespace bunshin
