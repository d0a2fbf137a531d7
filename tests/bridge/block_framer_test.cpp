#include "bridge/block_framer.h"

#include <random>

#include "tests/bridge/fixtures.h"

namespace bunshin {
namespace {

using testing::blocks_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::take_blocks;

TEST(BlockFramer, EndsABlockAtALineThatHoldsOnlyADot) {
  EXPECT_THAT(blocks_of("<A/>\n.\nb\n..\n .\n. \nx.\n.\n"),
              ElementsAre("<A/>\n", "b\n..\n .\n. \nx.\n"));
}

TEST(BlockFramer, KeepsAnUnfinishedBlock) {
  BlockFramer framer;
  framer.feed("<A/>\n.");
  EXPECT_EQ(framer.next(), std::nullopt);
  EXPECT_EQ(framer.pending(), 6u);
  framer.feed("\n");
  EXPECT_THAT(take_blocks(framer), ElementsAre("<A/>\n"));
  EXPECT_EQ(framer.pending(), 0u);
}

TEST(BlockFramer, GivesEmptyBlocks) {
  EXPECT_THAT(blocks_of(".\n.\n\n.\n"), ElementsAre("", "", "\n"));
}

TEST(BlockFramer, TakesCarriageReturns) {
  EXPECT_THAT(blocks_of("<A/>\r\n.\r\n<B/>\r\n.\n"), ElementsAre("<A/>\r\n", "<B/>\r\n"));
}

TEST(BlockFramer, ADotInsideRecogprocessEndsNothing) {
  EXPECT_THAT(blocks_of("<RECOGPROCESS INFO=\"STATUS\">\n<SR ID=\"0\"/>\n.\n<SR ID=\"1\"/>\n.\n"
                        "</RECOGPROCESS>\n.\n<A/>\n.\n"),
              ElementsAre("<RECOGPROCESS INFO=\"STATUS\">\n<SR ID=\"0\"/>\n<SR ID=\"1\"/>\n"
                          "</RECOGPROCESS>\n",
                          "<A/>\n"));
}

TEST(BlockFramer, AClosedRecogprocessIsAnOrdinaryBlock) {
  EXPECT_THAT(blocks_of("<RECOGPROCESS STATUS=\"ERROR\"/>\n.\n<A/>\n.\n"),
              ElementsAre("<RECOGPROCESS STATUS=\"ERROR\"/>\n", "<A/>\n"));
}

TEST(BlockFramer, ARecogprocessNeverClosedLosesOnlyItself) {
  EXPECT_THAT(blocks_of("<RECOGPROCESS>\n<SR ID=\"0\"/>\n.\n<STARTPROC/>\n.\n<A/>\n.\n"),
              ElementsAre("<RECOGPROCESS>\n<SR ID=\"0\"/>\n", "<STARTPROC/>\n", "<A/>\n"));
  EXPECT_THAT(blocks_of("<RECOGPROCESS>\n.\n.\n<A/>\n.\n"),
              ElementsAre("<RECOGPROCESS>\n", "", "<A/>\n"));
}

TEST(BlockFramer, NulAndHighBytesSurvive) {
  const std::string odd("\0\xff\x81\x2e\0.\n", 7);
  EXPECT_THAT(blocks_of(odd + ".\n"), ElementsAre(odd));
}

TEST(BlockFramer, ReportsAnOversizedBlockOnceAndGoesOnAfterIt) {
  BlockFramer framer(16);
  framer.feed("0123456789abcdefg");
  framer.feed(std::string(100, 'x'));
  framer.feed("\n.x\n..\n");
  EXPECT_THAT(take_blocks(framer), ElementsAre("(oversized)"));
  framer.feed("still the same\n");
  EXPECT_THAT(take_blocks(framer), IsEmpty());
  framer.feed(".\n<A/>\n.\n");
  EXPECT_THAT(take_blocks(framer), ElementsAre("<A/>\n"));
  EXPECT_EQ(framer.oversized_count(), 1u);
}

TEST(BlockFramer, TakesABlockOfExactlyTheLimit) {
  const std::string full(15, 'x');
  for (const char* end : {"\n.\n", "\n.\r\n"}) {
    BlockFramer framer(16);
    framer.feed(full + end);
    EXPECT_THAT(take_blocks(framer), ElementsAre(full + "\n"));
    framer.feed("x" + full + end);
    EXPECT_THAT(take_blocks(framer), ElementsAre("(oversized)"));
    framer.feed("<A/>\n.\n");
    EXPECT_THAT(take_blocks(framer), ElementsAre("<A/>\n"));
  }
}

TEST(BlockFramer, FindsTheEndOfAnOversizedBlockHoweverItIsCut) {
  const std::string stream = fmt::format("{:x<40}\nyy\n..\n.z\n.\r\n<A/>\n.\n", "");
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    BlockFramer framer(16);
    framer.feed(std::string_view(stream).substr(0, cut));
    framer.feed(std::string_view(stream).substr(cut));
    EXPECT_THAT(take_blocks(framer), ElementsAre("(oversized)", "<A/>\n")) << cut;
  }
}

TEST(BlockFramer, TenMegabytesWithoutATerminatorTakeNoMemory) {
  BlockFramer framer;
  const std::string chunk(64 * 1024, 'x');
  for (int i = 0; i < 160; ++i) {
    framer.feed(chunk);
    ASSERT_LE(framer.pending(), BlockFramer::kDefaultLimit);
  }
  EXPECT_LE(framer.pending(), 3u);
  EXPECT_THAT(take_blocks(framer), ElementsAre("(oversized)"));
  framer.feed("\n.\n<A/>\n.\n");
  EXPECT_THAT(take_blocks(framer), ElementsAre("<A/>\n"));
}

TEST(BlockFramer, ResetForgetsTheConnection) {
  BlockFramer framer(16);
  framer.feed("a\n.\nhalf a bl");
  framer.reset();
  framer.feed("<A/>\n.\n");
  EXPECT_THAT(take_blocks(framer), ElementsAre("<A/>\n"));
  framer.feed(std::string(40, 'x'));
  framer.reset();
  framer.feed("<A/>\n.\n");
  EXPECT_THAT(take_blocks(framer), ElementsAre("<A/>\n"));
}

TEST(BlockFramer, SaysWhereABlockEnds) {
  BlockFramer framer(16);
  EXPECT_TRUE(framer.between_blocks());
  framer.feed("<A/>\n");
  EXPECT_FALSE(framer.between_blocks());
  EXPECT_EQ(framer.first_end(), std::nullopt);
  framer.feed(".\n<B/>\n.\n");
  EXPECT_TRUE(framer.between_blocks());
  EXPECT_EQ(framer.first_end(), 2U);
  framer.feed("an oversized block, cut\n..\n.");
  EXPECT_FALSE(framer.between_blocks());
  EXPECT_EQ(framer.first_end(), std::nullopt);
  framer.feed("\n");
  EXPECT_TRUE(framer.between_blocks());
  EXPECT_EQ(framer.first_end(), 1U);
  take_blocks(framer);
}

TEST(BlockFramer, AProcessThatIsNeverClosedEndsBeforeTheNextBlock) {
  BlockFramer framer;
  const std::string process = "<RECOGPROCESS>\n<SR ID=\"0\"/>\n.\n";
  framer.feed(process);
  EXPECT_EQ(framer.first_end(), std::nullopt) << "more parts may come";
  framer.feed("<A/>\n.\n");
  EXPECT_EQ(framer.first_end(), 0U);
  framer.reset();
  framer.feed(process + "<A");
  framer.feed("/>\n.\n<B/>");
  EXPECT_EQ(framer.first_end(), 5U) << "the first ended in bytes that were fed before";
}

// Random streams of what matters to it, cut at random: never more memory than promised, and the
// cuts make no difference.
TEST(BlockFramer, CutsMakeNoDifferenceToRandomBytes) {
  std::mt19937 random(20261123);
  const std::vector<std::string> parts = {
      ".",   "\n", "\r", "\n.\n",   std::string(1, '\0'), "\xff",      "<RECOGPROCESS>\n",
      "<A>", "x",  " ",  "<SR/>\n", "</RECOGPROCESS>\n",  "0123456789"};
  for (int round = 0; round < 500; ++round) {
    std::string stream;
    for (int i = 0; i < 60; ++i) stream += parts[random() % parts.size()];
    stream += "\n.\n";
    BlockFramer whole(32);
    whole.feed(stream);
    BlockFramer cut(32);
    std::vector<std::string> blocks;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = 1 + random() % 7;
      cut.feed(std::string_view(stream).substr(at, size));
      ASSERT_LE(cut.pending(), 34u);
      for (std::string& block : take_blocks(cut)) blocks.push_back(std::move(block));
      at += size;
    }
    ASSERT_EQ(blocks, take_blocks(whole)) << round;
  }
}

}  // namespace
}  // namespace bunshin
