#include "bridge/julius_request.h"

#include <gmock/gmock.h>

#include "bridge/julius_command.h"

namespace bunshin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// What the lines of a client come to.
std::vector<JuliusRequest> read(std::string_view text) {
  JuliusCommandReader reader;
  std::vector<JuliusRequest> requests;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (const auto command = reader.take(text.substr(0, end))) {
      if (auto request = JuliusRequest::parse(*command)) requests.push_back(*std::move(request));
    }
    text.remove_prefix(end + 1);
  }
  return requests;
}

const std::vector<JuliusRequest> kAll = {
    {JuliusVerb::status, "", {}},
    {JuliusVerb::version, "", {}},
    {JuliusVerb::die, "", {}},
    {JuliusVerb::pause, "", {}},
    {JuliusVerb::terminate, "", {}},
    {JuliusVerb::resume, "", {}},
    {JuliusVerb::input_on_change, "", {"WAIT"}},
    {JuliusVerb::grammar_info, "", {}},
    {JuliusVerb::change_grammar, "", {"0 1 2 0 0", "DFAEND", "0 [x] x", "DICEND"}},
    {JuliusVerb::add_grammar, "fruit", {"0 1 2 0 0", "DFAEND", "0 [x] x", "DICEND"}},
    {JuliusVerb::delete_grammar, "", {"1,2"}},
    {JuliusVerb::activate_grammar, "", {"fruit"}},
    {JuliusVerb::deactivate_grammar, "", {"fruit"}},
    {JuliusVerb::add_word, "", {"0", "1 [y] y", "DICEND"}},
    {JuliusVerb::sync_grammar, "", {}},
    {JuliusVerb::list_process, "", {}},
    {JuliusVerb::current_process, "", {""}},
    {JuliusVerb::shift_process, "", {}},
    {JuliusVerb::add_process, "", {"a.jconf"}},
    {JuliusVerb::delete_process, "", {"a"}},
    {JuliusVerb::activate_process, "", {"a"}},
    {JuliusVerb::deactivate_process, "", {"a"}},
};

TEST(JuliusRequest, EachIsReadAsItWasWritten) {
  std::string text;
  for (const JuliusRequest& command : kAll) {
    EXPECT_EQ(command.problem(), std::nullopt) << command.text();
    text += command.text();
  }
  EXPECT_EQ(read(text), kAll);
}

TEST(JuliusRequest, AnArgumentIsNoCommandWhateverItSays) {
  EXPECT_THAT(read("DELGRAM\nDIE\nSTATUS\n"),
              ElementsAre(JuliusRequest{JuliusVerb::delete_grammar, "", {"DIE"}},
                          JuliusRequest{JuliusVerb::status, "", {}}));
  EXPECT_THAT(read("CURRENTPROCESS\n\nSTATUS\n").size(), 2U);
}

// As the recording real-idle has them.
TEST(JuliusRequest, WhatTheEngineIgnores) {
  EXPECT_THAT(read("FOOBAR\n\nstatus\nSTATUS \n STATUS\nVERSION x\nSTA\nTUS\n"), ElementsAre());
  EXPECT_THAT(read("STATUS\r\nGRAMINFOx\n"),
              ElementsAre(JuliusRequest{JuliusVerb::status, "", {}},
                          JuliusRequest{JuliusVerb::grammar_info, "", {}}));
}

TEST(JuliusRequest, ProblemsAreFoundBeforeTheyAreSent) {
  EXPECT_THAT(*JuliusRequest({JuliusVerb::status, "", {"x"}}).problem(),
              HasSubstr("a line too many"));
  EXPECT_THAT(*JuliusRequest({JuliusVerb::status, "x", {}}).problem(),
              HasSubstr("nothing may follow"));
  EXPECT_THAT(*JuliusRequest({JuliusVerb::delete_grammar, "", {}}).problem(),
              HasSubstr("lacks its argument"));
  EXPECT_THAT(*JuliusRequest({JuliusVerb::add_word, "", {"0", "1 [y] y"}}).problem(),
              HasSubstr("DICEND"));
  EXPECT_THAT(*JuliusRequest({JuliusVerb::delete_grammar, "", {"1\nDIE"}}).problem(),
              HasSubstr("line end"));
  EXPECT_THAT(*JuliusRequest({JuliusVerb::add_grammar, "a\nDIE", {"DFAEND", "DICEND"}}).problem(),
              HasSubstr("line end"));
}

}  // namespace
}  // namespace bunshin
