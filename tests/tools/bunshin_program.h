#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/peer.h"
#include "tests/support/program.h"

namespace bunshin::testing {

/// A command line for Program: the program under test and these arguments.
std::vector<std::string> bunshin(std::vector<std::string> arguments);

/// Runs to its end what can not work: the exit status, and the one line it says.
std::pair<int, std::string> failure_of(std::vector<std::string> arguments);

/// A server's subcommand on an address of its own, running.
class Server : public Program {
 public:
  explicit Server(std::vector<std::string> arguments, Family family = Family::ipv4)
      : Program(with_address(std::move(arguments), family)),
        address(Endpoint::parse(output_after("listening on "))) {}

  [[nodiscard]] Peer connect() const { return Peer(*address.numeric()); }

  const Endpoint address;

 private:
  static std::vector<std::string> with_address(std::vector<std::string> arguments, Family family);
};

}  // namespace bunshin::testing
