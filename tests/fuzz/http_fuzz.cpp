// Requests of HTTP, cut anywhere.

#include <string>
#include <vector>

#include "handlers/http/host_check.h"
#include "handlers/http/request_parser.h"
#include "tests/fuzz/fuzz.h"

namespace bunshin::fuzzing {
namespace {

constexpr RequestLimits kLimits{512, 256};

/// What became of a client's bytes, in words.
class Reading {
 public:
  void take(std::string_view data) {
    while (!data.empty() && parser_.state() != RequestParser::State::failed) {
      data.remove_prefix(parser_.read(data));
      if (parser_.state() == RequestParser::State::complete) note(parser_.request());
    }
  }
  /// (Of two things that are wrong, the one that is met first is told.)
  [[nodiscard]] std::string story() const {
    return parser_.state() == RequestParser::State::failed ? story_ + "failed" : story_;
  }

 private:
  void note(const HttpRequest& request) {
    std::size_t head = 0;
    story_ += request.method + ' ' + request.path + '?' + request.query;
    for (const auto& [name, value] : request.headers) {
      story_ += '\n' + name + ": " + value;
      head += name.size() + value.size();
    }
    // A target that names a host becomes a header field.
    require(head <= 2 * kLimits.head, "the head is bounded");
    require(request.body.size() <= kLimits.body, "the body is bounded");
    story_ += '\n' + request.body + why_not_served(request, {"bunshin"});
    story_ += request.parameter("ms").value_or("none") + '\n';
    parser_.next();
  }

  RequestParser parser_{kLimits};
  std::string story_;
};

}  // namespace
}  // namespace bunshin::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bunshin::fuzzing;
  Input input(data, size);
  const std::uint8_t seed = input.number();
  const std::string_view text = input.rest();
  Reading whole, cut;
  whole.take(text);
  in_pieces(text, seed, [&](std::string_view piece) { cut.take(piece); });
  require(whole.story() == cut.story(), "it does not matter where the bytes are cut");
  return 0;
}
