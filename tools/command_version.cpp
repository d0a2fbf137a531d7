#include <fmt/format.h>

#include <string>

#include "reactor/engine.h"
#include "reactor/standard_stream.h"
#include "tools/command.h"
#include "tools/commands.h"

namespace bunshin {

std::string version_text() {
  std::string text = fmt::format("bunshin {}", BUNSHIN_VERSION);
  for (const std::string& name : engine_names()) {
    const std::string why = why_not(name);
    text += fmt::format("\nengine {}{}", name, why.empty() ? "" : ": can not run here: " + why);
  }
  return text;
}

void add_version_command(CLI::App& app) {
  app.add_subcommand("version", "Print the version and the engines, the default first")
      ->callback([] { standard_output().print_waiting("{}\n", version_text()); });
}

}  // namespace bunshin
