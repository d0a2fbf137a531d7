#include "tests/tools/bunshin_program.h"

#include <gmock/gmock.h>

namespace bunshin::testing {

std::vector<std::string> bunshin(std::vector<std::string> arguments) {
  std::vector<std::string> command{BUNSHIN_BINARY};
  for (std::string& argument : arguments) command.push_back(std::move(argument));
  return command;
}

std::pair<int, std::string> failure_of(std::vector<std::string> arguments) {
  Program program(bunshin(std::move(arguments)));
  const int status = program.wait();
  EXPECT_THAT(program.errors(), ::testing::MatchesRegex("bunshin: [^\n]+\n"));
  EXPECT_EQ(program.output(), "");
  return {status, program.errors()};
}

std::vector<std::string> Server::with_address(std::vector<std::string> arguments, Family family) {
  arguments.push_back(any_address(family).to_string());
  return bunshin(std::move(arguments));
}

}  // namespace bunshin::testing
