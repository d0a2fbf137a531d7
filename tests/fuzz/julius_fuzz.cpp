// What an engine sends: framing, decoding, parsing, and what the rules make of it.

#include <string>
#include <vector>

#include "bridge/block_framer.h"
#include "bridge/config.h"
#include "bridge/julius_message.h"
#include "bridge/rules.h"
#include "bridge/text_decoder.h"
#include "tests/fuzz/fuzz.h"

namespace bunshin::fuzzing {
namespace {

constexpr std::size_t kLimit = 4096;

void take_blocks(BlockFramer& framer, std::vector<std::string>& blocks) {
  while (auto block = framer.next()) {
    require(block->bytes.size() <= kLimit, "a block is no longer than the limit");
    blocks.push_back(block->oversized ? "(oversized)" : std::move(block->bytes));
  }
}

std::vector<std::string> blocks_of(std::string_view bytes) {
  BlockFramer framer(kLimit);
  std::vector<std::string> blocks;
  framer.feed(bytes);
  take_blocks(framer, blocks);
  return blocks;
}

std::vector<std::string> blocks_of_pieces(std::string_view bytes, std::uint8_t seed) {
  BlockFramer framer(kLimit);
  std::vector<std::string> blocks;
  in_pieces(bytes, seed, [&](std::string_view piece) {
    framer.feed(piece);
    take_blocks(framer, blocks);
    require(framer.pending() <= kLimit + 2, "what is pending is bounded");
  });
  return blocks;
}

void decide(RuleSet& rules, const JuliusHypothesis& best) {
  require(!best.first_pass && best.rank == 1, "a final hypothesis is the first of the second pass");
  const Decision decision = rules.decide(best);
  if (decision.outcome != Decision::Outcome::send) return;
  require(decision.rule->words == phrase_of(best), "the rule is for what was heard");
  require(!decision.confidence || *decision.confidence >= decision.required,
          "every word has the confidence that is asked for");
}

void read(const std::string& block, TextDecoder& decoder, RuleSet& rules) {
  const TextDecoder::Result text = decoder.decode(block);
  require(is_utf8(text.text), "what is decoded is UTF-8");
  require(text.replaced <= block.size(), "no more is replaced than there was");
  const JuliusParse parse = parse_julius_block(text.text);
  require(parse.error.find('\n') == std::string::npos, "an error has one line");
  if (!parse.ok()) return;
  require(parse.spoilt.find('\n') == std::string::npos, "a reason has one line");
  const JuliusHypothesis* best = parse.message.final_hypothesis();
  if (best == nullptr) return;
  require(text.text.find("<SHYPO") != std::string::npos, "a hypothesis was in the block");
  decide(rules, *best);
}

}  // namespace
}  // namespace bunshin::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bunshin;
  using namespace bunshin::fuzzing;
  static const BridgeConfig config = builtin_config();
  static RuleSet rules(config.rules, config.min_confidence);
  static TextDecoder decoders[] = {TextDecoder("UTF-8"), TextDecoder("Shift_JIS"),
                                   TextDecoder("EUC-JP"), TextDecoder("ISO-2022-JP")};
  Input input(data, size);
  TextDecoder& decoder = decoders[input.number() % std::size(decoders)];
  const std::uint8_t seed = input.number();
  const std::string_view bytes = input.rest();
  const std::vector<std::string> blocks = blocks_of(bytes);
  require(blocks == blocks_of_pieces(bytes, seed), "the blocks are the same however they are cut");
  for (const std::string& block : blocks) read(block, decoder, rules);
  return 0;
}
