#pragma once

#include <string>
#include <string_view>

#include "reactor/engine.h"

namespace bunshin::loop {

class Figure;

/// What a figure shows: which server it has, and who is there at the beginning.
struct Scenario {
  std::string_view name;
  /// Makes the server. `choice`: what the reader has chosen, if the scenario has choices.
  void (*begin)(Figure& figure, std::string_view choice);
  bool has_models = false;  ///< new connections may be served by another model
};

/// Null when there is none of that name.
const Scenario* find_scenario(std::string_view name);

}  // namespace bunshin::loop
