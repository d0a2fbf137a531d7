// What a robot answers.

#include <string>
#include <vector>

#include "bridge/rapiro_protocol.h"
#include "tests/fuzz/fuzz.h"

namespace bunshin::fuzzing {
namespace {

constexpr RapiroReplyParser::TimePoint kStart{};

struct Read {
  std::vector<std::string> replies;
  std::uint64_t noise = 0;
  bool operator==(const Read&) const = default;
};

void take_replies(RapiroReplyParser& parser, Read& read) {
  while (const auto reply = parser.next()) read.replies.push_back(reply->text);
}

/// After the silence that ends a bare "#E".
Read finish(RapiroReplyParser& parser, Read read) {
  parser.flush(kStart + RapiroReplyParser::kSilence);
  require(!parser.pending_until(), "nothing is pending after the silence");
  take_replies(parser, read);
  read.noise = parser.noise();
  return read;
}

Read read_whole(std::string_view bytes) {
  RapiroReplyParser parser;
  parser.feed(bytes, kStart);
  return finish(parser, {});
}

Read read_pieces(std::string_view bytes, std::uint8_t seed) {
  RapiroReplyParser parser;
  Read read;
  in_pieces(bytes, seed, [&](std::string_view piece) {
    parser.feed(piece, kStart);
    take_replies(parser, read);
  });
  return finish(parser, std::move(read));
}

}  // namespace
}  // namespace bunshin::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bunshin;
  using namespace bunshin::fuzzing;
  Input input(data, size);
  const std::uint8_t seed = input.number();
  const std::string_view bytes = input.rest();
  const Read read = read_whole(bytes);
  require(read == read_pieces(bytes, seed), "the replies are the same however they are cut");
  std::size_t known = read.noise;
  for (const std::string& reply : read.replies) {
    require(bytes.find(reply) != bytes.npos, "a reply is what was received");
    known += reply.size();
  }
  require(known <= bytes.size() && bytes.size() - known < 8,
          "every byte is part of a reply, noise, or of one reply begun");
  return 0;
}
