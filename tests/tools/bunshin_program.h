#pragma once

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/peer.h"
#include "tests/support/program.h"

namespace bunshin::testing {

inline std::vector<std::string> bunshin(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), BUNSHIN_BINARY);
  return arguments;
}

/// Runs to its end what can not work: the exit status, and the one line it says.
inline std::pair<int, std::string> failure_of(std::vector<std::string> arguments) {
  Program program(bunshin(std::move(arguments)));
  const int status = program.wait();
  EXPECT_THAT(program.errors(), ::testing::MatchesRegex("bunshin: [^\n]+\n"));
  EXPECT_EQ(program.output(), "");
  return {status, program.errors()};
}

/// A server's subcommand on an address of its own, running.
class Server : public Program {
 public:
  explicit Server(std::vector<std::string> arguments, Family family = Family::ipv4)
      : Program(with_address(std::move(arguments), family)),
        address(Endpoint::parse(output_after("listening on "))) {}

  [[nodiscard]] Peer connect() const { return Peer(*address.numeric()); }

  const Endpoint address;

 private:
  static std::vector<std::string> with_address(std::vector<std::string> arguments, Family family) {
    arguments.push_back(any_address(family).to_string());
    return bunshin(std::move(arguments));
  }
};

}  // namespace bunshin::testing
