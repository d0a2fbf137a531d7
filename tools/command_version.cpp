#include "reactor/engine.h"
#include "reactor/standard_stream.h"
#include "tools/command.h"
#include "tools/commands.h"

namespace bunshin {

namespace {

void print_version() {
  standard_output().print_waiting("bunshin {}\n", BUNSHIN_VERSION);
  for (const std::string& name : engine_names()) {
    const std::string why = why_not(name);
    standard_output().print_waiting("engine {}{}\n", name,
                                    why.empty() ? "" : ": can not run here: " + why);
  }
}

}  // namespace

void add_version_command(CLI::App& app) {
  app.add_subcommand("version", "Print the version and the engines, the default first")
      ->callback(print_version);
}

}  // namespace bunshin
