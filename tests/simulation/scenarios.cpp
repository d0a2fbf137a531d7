#include "tests/simulation/scenarios.h"

#include <algorithm>
#include <exception>

namespace bunshin::simulation {

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = {
      {"echo", "clients of an echo server read back what they said", play_echo},
      {"chat", "everybody hears every line, whole and in order", play_chat},
      {"load", "many clients, large messages, small buffers", play_load},
      {"lines", "serial lines that hang up, descriptors with two names, files", play_lines},
      {"farewell", "what a server owes is delivered, though its clients still talk", play_farewell},
#ifndef BUNSHIN_WITHOUT_BRIDGE
      {"connect", "clients that connect again and again to a server that comes and goes",
       play_connect},
      {"bridge", "Julius speaks, and a robot moves", play_bridge},
#endif
  };
  return all;
}

const Scenario* find_scenario(std::string_view name) {
  for (const Scenario& each : scenarios()) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

Outcome play(const Scenario& scenario, Draws draws, Tale& tale) {
  Outcome outcome;
  {
    Run run(draws, tale);
    try {
      scenario.play(run);
    } catch (const std::exception& error) {
      outcome.violation = error.what();
    }
    outcome.rounds = run.world.rounds();
  }
  outcome.sum = tale.sum();
  outcome.deviations = draws.deviations();
  return outcome;
}

namespace {

/// What is alike in two violations: the words, not the numbers.
std::string kind_of(const std::string& violation) {
  std::string kind;
  std::copy_if(violation.begin(), violation.end(), std::back_inserter(kind),
               [](char letter) { return letter < '0' || letter > '9'; });
  return kind;
}

}  // namespace

/// Delta debugging (Zeller, Hildebrandt, 2002): ever smaller parts are left out, as long as what is
/// left still fails in the same way; then each value is made as small as it can be.
std::vector<Deviation> shrink(const Scenario& scenario, const Outcome& outcome) {
  const std::string kind = kind_of(outcome.violation);
  std::size_t tries = 0;
  const auto fails = [&](const std::vector<Deviation>& deviations) {
    if (++tries > 3000) return false;
    Tale tale(false);
    return kind_of(play(scenario, Draws(deviations), tale).violation) == kind;
  };
  std::vector<Deviation> left = outcome.deviations;
  if (!fails(left)) return left;
  for (std::size_t part = std::max<std::size_t>(1, left.size() / 2);;) {
    bool smaller = false;
    for (std::size_t start = 0; start < left.size();) {
      std::vector<Deviation> without = left;
      const auto first = without.begin() + static_cast<std::ptrdiff_t>(start);
      without.erase(first,
                    first + static_cast<std::ptrdiff_t>(std::min(part, left.size() - start)));
      if (fails(without)) {
        left = std::move(without);
        smaller = true;
      } else {
        start += part;
      }
    }
    if (part == 1 && !smaller) break;
    if (!smaller) part = std::max<std::size_t>(1, part / 2);
    part = std::min(part, std::max<std::size_t>(1, left.size()));
    if (left.empty()) break;
  }
  for (Deviation& each : left) {
    for (const std::uint32_t smaller : {1U, each.value / 8, each.value / 2, each.value - 1}) {
      if (smaller == 0 || smaller >= each.value) continue;
      const std::uint32_t before = std::exchange(each.value, smaller);
      if (fails(left)) break;
      each.value = before;
    }
  }
  return left;
}

}  // namespace bunshin::simulation
