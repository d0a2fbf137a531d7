// Plays the first seeds of each scenario that needs no bridge, and prints what came of them: the
// same on every machine and with every compiler. (tools/wasm_check.sh compares WebAssembly's.) With
// the name of a scenario and a seed it prints all that happens.

#include <fmt/core.h>

#include <cstdlib>

#include "tests/simulation/scenarios.h"

namespace {

using namespace bunshin::simulation;

bool play_and_print(const Scenario& scenario, std::uint64_t seed, bool with_text) {
  Tale tale(with_text);
  const Outcome outcome = play(scenario, Draws(seed), tale);
  for (const std::string& line : tale.lines()) fmt::print("{}\n", line);
  fmt::print("{} {} {} {:016x} {}\n", scenario.name, seed, outcome.rounds, outcome.sum,
             outcome.violation);
  return outcome.violation.empty();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3) {
    const Scenario* const scenario = find_scenario(argv[1]);
    return scenario != nullptr &&
                   play_and_print(*scenario, std::strtoull(argv[2], nullptr, 10), true)
               ? 0
               : 1;
  }
  int violations = 0;
  for (const char* name : {"echo", "load", "chat", "lines", "farewell"}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      violations += play_and_print(*find_scenario(name), seed, false) ? 0 : 1;
    }
  }
  return violations;
}
