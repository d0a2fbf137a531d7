// Plays the first seeds of each scenario that needs no bridge, and prints what came of them: the
// same on every machine and with every compiler. (tools/wasm_check.sh compares WebAssembly's.)

#include <fmt/core.h>

#include "tests/simulation/scenarios.h"

int main() {
  using namespace bunshin::simulation;
  int violations = 0;
  for (const char* name : {"echo", "load", "chat", "lines", "farewell"}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Tale tale(false);
      const Outcome outcome = play(*find_scenario(name), Draws(seed), tale);
      violations += outcome.violation.empty() ? 0 : 1;
      fmt::print("{} {} {} {:016x} {}\n", name, seed, outcome.rounds, outcome.sum,
                 outcome.violation);
    }
  }
  return violations;
}
