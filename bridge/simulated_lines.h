#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "bridge/lines_profile.h"
#include "bridge/pseudo_terminal.h"
#include "handlers/file_dispatcher.h"

namespace bunshin {

/// A robot that takes lines, on a pseudo-terminal. It carries out whatever it is sent, but for a
/// line that begins with a small letter, which none of those it stands for takes. With Marlin's
/// checksums it asks for a line again that came damaged or out of order. The stop bytes it takes
/// wherever they stand, and says nothing. Owned by its reactor.
class SimulatedLines : public FileDispatcher {
 public:
  /// What it says.
  struct Words {
    std::string ok = "ok";
    std::string error = "error:20";
    std::string greeting;  ///< when it is switched on; empty: nothing
  };
  /// Called for each line that was carried out, without number and checksum, and for the stop.
  using OnLine = std::function<void(std::string_view line)>;

  SimulatedLines(Reactor& reactor, PseudoTerminal terminal, LinesProfile profile, Words words);

  void on_line(OnLine callback) { on_line_ = std::move(callback); }
  [[nodiscard]] const std::string& path() const { return terminal_.path; }  // of the line

  void handle_read() override;

 private:
  void take_line(std::string_view line);
  void take_numbered(std::string_view line);
  void carry_out(std::string_view line);
  void say(std::string_view line);

  const PseudoTerminal terminal_;  // its master is the handler's
  const LinesProfile profile_;
  const Words words_;
  std::string line_;
  std::uint32_t last_ = 0;  // number
  OnLine on_line_;
};

}  // namespace bunshin
