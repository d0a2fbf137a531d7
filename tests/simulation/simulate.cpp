// The simulator as a program: tries seeds, shrinks what fails, tells it as a story.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <random>

#include "tests/simulation/scenarios.h"

namespace {

using namespace bunshin::simulation;
using SteadyClock = std::chrono::steady_clock;

struct Options {
  double seconds = 10;
  std::uint64_t seed = 0;
  bool one_seed = false;
  std::string scenario = "all";
  std::string script;  // deviations, one a word
  bool trace = false;
  bool coverage = false;
};

struct Totals {
  std::uint64_t runs = 0;
  std::uint64_t rounds = 0;
  std::map<std::string, std::uint64_t> choices;
  std::map<std::string, std::uint64_t> seen;
};

std::vector<Deviation> parse_script(const std::string& script) {
  std::vector<Deviation> deviations;
  std::istringstream words(script);
  for (std::string word; words >> word;) {
    const auto deviation = parse_deviation(word);
    if (!deviation) {
      throw std::invalid_argument(fmt::format(
          "\"{}\" is no step of a script: write choice/object/count=value, as a story shows it",
          word));
    }
    deviations.push_back(*deviation);
  }
  return deviations;
}

std::string script_of(const std::vector<Deviation>& deviations) {
  std::string script;
  for (const Deviation& each : deviations) {
    script.append(script.empty() ? "" : " ").append(to_string(each));
  }
  return script;
}

/// The end of it, which is where it goes wrong.
void print_end(const Tale& tale) {
  constexpr std::size_t kMost = 150;
  const std::size_t skipped = tale.lines().size() > kMost ? tale.lines().size() - kMost : 0;
  if (skipped > 0) fmt::print("  ... {} lines before (all of them: --trace)\n", skipped);
  for (std::size_t index = skipped; index < tale.lines().size(); ++index) {
    fmt::print("  {}\n", tale.lines()[index]);
  }
}

void print_tale(const Tale& tale) {
  for (const std::string& line : tale.lines()) fmt::print("  {}\n", line);
}

int tell_violation(const Scenario& scenario, std::uint64_t seed, const Outcome& outcome) {
  fmt::print("{}: seed {} fails after {} rounds: {}\n", scenario.name, seed, outcome.rounds,
             outcome.violation);
  const auto shrunk = shrink(scenario, outcome);
  Tale tale(true);
  const Outcome again = play(scenario, Draws(shrunk), tale);
  fmt::print("{} of {} deviations are needed:\n", shrunk.size(), outcome.deviations.size());
  print_end(tale);
  fmt::print("so: {}\nagain: tools/simulate.sh --scenario {} --script '{}'\n", again.violation,
             scenario.name, script_of(shrunk));
  return 1;
}

void add(Totals& totals, const Outcome& outcome, const Tale& tale) {
  ++totals.runs;
  totals.rounds += outcome.rounds;
  for (const Deviation& each : outcome.deviations)
    ++totals.choices[std::string(name_of(each.choice))];
  for (const auto& [name, count] : tale.seen) totals.seen[name] += count;
}

void print_counts(const char* title, const std::map<std::string, std::uint64_t>& counts) {
  fmt::print("{}:\n", title);
  for (const auto& [name, count] : counts) fmt::print("  {:<40} {:>12}\n", name, count);
}

std::vector<const Scenario*> chosen(const std::string& name) {
  std::vector<const Scenario*> some;
  for (const Scenario& each : scenarios()) {
    if (name == "all" || name == each.name) some.push_back(&each);
  }
  if (some.empty()) {
    std::string names;
    for (const Scenario& each : scenarios()) names += fmt::format(", {}", each.name);
    throw std::invalid_argument(
        fmt::format("there is no scenario \"{}\"; there are all{}", name, names));
  }
  return some;
}

int try_seeds(const Options& options, std::uint64_t first) {
  const auto some = chosen(options.scenario);
  const auto start = SteadyClock::now();
  const auto end = start + std::chrono::duration<double>(options.seconds);
  Totals totals;
  for (std::uint64_t seed = first; SteadyClock::now() < end || seed == first; ++seed) {
    for (const Scenario* scenario : some) {
      Tale tale(false);
      const Outcome outcome = play(*scenario, Draws(seed), tale);
      add(totals, outcome, tale);
      if (!outcome.violation.empty()) return tell_violation(*scenario, seed, outcome);
    }
  }
  const std::chrono::duration<double> took = SteadyClock::now() - start;
  fmt::print(
      "{} runs from seed {} on, {} rounds in {:.1f} s: {:.0f} rounds a second, no violation\n",
      totals.runs, first, totals.rounds, took.count(),
      static_cast<double>(totals.rounds) / took.count());
  if (options.coverage) {
    print_counts("went otherwise than usual", totals.choices);
    print_counts("seen", totals.seen);
  }
  return 0;
}

int play_one(const Options& options) {
  for (const Scenario* scenario : chosen(options.scenario)) {
    Tale tale(options.trace);
    const Draws draws =
        options.script.empty() ? Draws(options.seed) : Draws(parse_script(options.script));
    const Outcome outcome = play(*scenario, draws, tale);
    print_tale(tale);
    fmt::print("{}: {} rounds, {} deviations, sum {:016x}: {}\n", scenario->name, outcome.rounds,
               outcome.deviations.size(), outcome.sum,
               outcome.violation.empty() ? "everything held" : outcome.violation);
    if (!outcome.violation.empty()) {
      return options.script.empty() ? tell_violation(*scenario, options.seed, outcome) : 1;
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Runs servers and clients in a simulated world, seed after seed");
  app.add_option("--seconds", options.seconds, "How long")->check(CLI::PositiveNumber);
  const auto* seed =
      app.add_option("--seed", options.seed, "Plays this seed only, and prints its sum");
  app.add_option("--scenario", options.scenario, "Only this one (default: all)");
  const auto* script = app.add_option("--script", options.script, "Plays these deviations only");
  app.add_flag("--trace", options.trace, "Prints all that happens");
  app.add_flag("--coverage", options.coverage, "Prints what was covered");
  std::uint64_t from = 0;
  const auto* begin = app.add_option("--from", from, "The first seed to try (a new one each time)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    if (seed->count() > 0 || script->count() > 0) return play_one(options);
    return try_seeds(options, begin->count() > 0 ? from : std::random_device{}());
  } catch (const std::exception& error) {
    fmt::print(stderr, "simulate: {}\n", error.what());
    return 2;
  }
}
