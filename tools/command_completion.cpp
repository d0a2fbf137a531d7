#include <string>

#include "reactor/standard_stream.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/pages/completion.h"

namespace bunshin {

namespace {

std::string completion_of(const CLI::App& app, const std::string& shell) {
  const DescribedCommand program = describe(app);
  if (shell == "bash") return bash_completion(program);
  return shell == "zsh" ? zsh_completion(program) : fish_completion(program);
}

}  // namespace

void add_completion_command(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion =
      app.add_subcommand("completion", "Print what lets a shell complete the commands");
  completion->add_option("SHELL", *shell, "Whose it is")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback(
      [&app, shell] { standard_output().write_waiting(completion_of(app, *shell)); });
}

}  // namespace bunshin
