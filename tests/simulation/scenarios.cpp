#include "tests/simulation/scenarios.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

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

/// Makes a run that fails smaller.
class Shrinker {
 public:
  Shrinker(const Scenario& scenario, const std::string& violation)
      : scenario_(scenario), kind_(kind_of(violation)) {}

  /// Whether it still fails in the same way. Not asked for ever.
  bool fails(const std::vector<Deviation>& deviations) {
    if (++tries_ > 4000) return false;
    Tale tale(false);
    return kind_of(play(scenario_, Draws(deviations), tale).violation) == kind_;
  }
  void leave_out(std::vector<Deviation>& left);
  void try_alone(std::vector<Deviation>& left);
  void make_small(std::vector<Deviation>& left);

 private:
  /// What is alike in two violations: the words, not the numbers.
  static std::string kind_of(const std::string& violation) {
    std::string kind;
    std::copy_if(violation.begin(), violation.end(), std::back_inserter(kind),
                 [](char letter) { return letter < '0' || letter > '9'; });
    return kind;
  }
  bool leave_out_parts(std::vector<Deviation>& left, std::size_t part);

  const Scenario& scenario_;
  const std::string kind_;
  std::size_t tries_ = 0;
};

bool Shrinker::leave_out_parts(std::vector<Deviation>& left, std::size_t part) {
  const std::size_t before = left.size();
  for (std::size_t start = 0; start < left.size();) {
    std::vector<Deviation> without = left;
    const auto first = without.begin() + static_cast<std::ptrdiff_t>(start);
    without.erase(first, first + static_cast<std::ptrdiff_t>(std::min(part, left.size() - start)));
    if (fails(without)) {
      left = std::move(without);
    } else {
      start += part;
    }
  }
  return left.size() < before;
}

/// Delta debugging (Zeller, Hildebrandt, 2002): ever smaller parts are left out.
void Shrinker::leave_out(std::vector<Deviation>& left) {
  for (std::size_t part = std::max<std::size_t>(1, left.size() / 2); !left.empty();) {
    const bool smaller = leave_out_parts(left, part);
    if (part == 1 && !smaller) return;
    if (!smaller) part /= 2;
    part = std::clamp<std::size_t>(part, 1, std::max<std::size_t>(1, left.size()));
  }
}

/// Some only make another one come at its time: that one alone, sooner, may do.
void Shrinker::try_alone(std::vector<Deviation>& left) {
  std::vector<Deviation> script;
  std::copy_if(left.begin(), left.end(), std::back_inserter(script),
               [](const Deviation& each) { return each.choice == Choice::script; });
  for (const Deviation& each : std::vector(left)) {
    if (each.choice == Choice::script || left.size() <= script.size() + 1) continue;
    std::vector<Deviation> alone = script;
    alone.push_back(each);
    for (std::uint32_t count = 0; count <= std::min(each.count, 60U); ++count) {
      alone.back().count = count;
      if (!fails(alone)) continue;
      left = alone;
      return;
    }
  }
}

void Shrinker::make_small(std::vector<Deviation>& left) {
  for (Deviation& each : left) {
    for (const std::uint32_t smaller : {1U, each.value / 8, each.value / 2, each.value - 1}) {
      if (smaller == 0 || smaller >= each.value) continue;
      const std::uint32_t before = std::exchange(each.value, smaller);
      if (fails(left)) break;
      each.value = before;
    }
  }
}

}  // namespace

std::vector<Deviation> shrink(const Scenario& scenario, const Outcome& outcome) {
  Shrinker shrinker(scenario, outcome.violation);
  std::vector<Deviation> left = outcome.deviations;
  if (!shrinker.fails(left)) return left;
  shrinker.leave_out(left);
  shrinker.try_alone(left);
  shrinker.leave_out(left);
  shrinker.make_small(left);
  return left;
}

}  // namespace bunshin::simulation
