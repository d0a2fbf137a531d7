#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/run.h"

namespace bunshin::simulation {

/// A small world of servers and clients, and what must hold in it whatever happens.
struct Scenario {
  std::string_view name;
  std::string_view what;   ///< in one line
  void (*play)(Run& run);  ///< throws a Violation
};

const std::vector<Scenario>& scenarios();
/// Null when there is none of that name.
const Scenario* find_scenario(std::string_view name);

void play_echo(Run& run);
void play_chat(Run& run);
void play_connect(Run& run);
void play_load(Run& run);
void play_bridge(Run& run);
void play_lines(Run& run);
void play_farewell(Run& run);

/// What came of a run.
struct Outcome {
  std::string violation;  ///< empty: everything held
  std::uint64_t rounds = 0;
  std::uint64_t sum = 0;  ///< of all that happened: the same for the same draws
  std::vector<Deviation> deviations;
};

Outcome play(const Scenario& scenario, Draws draws, Tale& tale);
/// The same violation with as few deviations as can be found.
std::vector<Deviation> shrink(const Scenario& scenario, const Outcome& outcome);

}  // namespace bunshin::simulation
