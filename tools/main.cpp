// The program `bunshin`: one subcommand a file.

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <string>

#include "tools/command.h"
#include "tools/commands.h"

namespace {

/// A sentence of CLI11 may have several lines; the user gets one.
int usage_error(std::string why) {
  for (char& letter : why) {
    if (letter == '\n') letter = ' ';
  }
  fmt::print(stderr, "bunshin: {} (see: bunshin --help, bunshin COMMAND --help)\n", why);
  return 2;
}

int run(int argc, char** argv) {
  CLI::App app("Event-driven echo, chat and a bridge from speech to a robot", "bunshin");
  app.require_subcommand(1);
  bunshin::add_echo_command(app);
  bunshin::add_chat_command(app);
  bunshin::add_connect_command(app);
  bunshin::add_load_command(app);
  bunshin::add_bridge_command(app);
  bunshin::add_sim_command(app);
  bunshin::add_demo_command(app);
  bunshin::add_version_command(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what());
  } catch (const bunshin::UsageError& error) {
    return usage_error(error.what());
  } catch (const bunshin::Exit& exit) {
    return exit.status;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fputs("bunshin: ", stderr);
    std::fputs(error.what(), stderr);
    std::fputc('\n', stderr);
  } catch (...) {
    std::fputs("bunshin: failed for an unknown reason\n", stderr);
  }
  return 1;
}
