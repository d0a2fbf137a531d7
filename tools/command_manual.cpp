#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

#include "bridge/config.h"
#include "reactor/error.h"
#include "reactor/standard_stream.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/pages/manual_page.h"

namespace bunshin {

namespace {

struct ManualCommand {
  std::vector<std::string> command;
  std::string folder;
};

/// The bridge's page has its configuration file, which explains each of its keys.
std::string page_of(const DescribedCommand& command) {
  if (command.path != std::vector<std::string>{"bridge"}) {
    return manual_page(command, BUNSHIN_VERSION);
  }
  return manual_page(command, BUNSHIN_VERSION, "CONFIGURATION", std::string(builtin_config_text()));
}

void write_all(const DescribedCommand& program, const std::string& folder) {
  for (const DescribedCommand* command : all_of(program)) {
    const std::string name = fmt::format("{}/{}.1", folder, page_name(*command));
    std::ofstream file(name, std::ios::binary);
    file << page_of(*command);
    if (!file.flush()) throw_error(errno, "cannot write " + name);
  }
}

void run_manual(const CLI::App& app, const ManualCommand& command) {
  const DescribedCommand program = describe(app);
  if (!command.folder.empty()) return write_all(program, command.folder);
  const auto all = all_of(program);
  const auto found = std::find_if(all.begin(), all.end(), [&](const DescribedCommand* each) {
    return each->path == command.command;
  });
  if (found == all.end()) {
    throw UsageError(fmt::format("there is no command {}", fmt::join(command.command, " ")));
  }
  standard_output().write_waiting(page_of(**found));
}

}  // namespace

void add_manual_command(CLI::App& app) {
  auto command = std::make_shared<ManualCommand>();
  CLI::App* manual =
      app.add_subcommand("manual", "Print a manual page: bunshin manual echo | man -l -");
  manual->add_option("COMMAND", command->command, "Whose page; default: of the program");
  manual->add_option("--all", command->folder, "Write the pages of all commands into a folder")
      ->type_name("FOLDER");
  manual->callback([&app, command] { run_manual(app, *command); });
}

}  // namespace bunshin
