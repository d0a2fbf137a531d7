// A recording's two files, parted by a NUL.

#include <string>

#include "bridge/julius_transcript.h"
#include "tests/fuzz/fuzz.h"

namespace bunshin::fuzzing {
namespace {

/// Rows that follow one another in time, and make up all bytes.
void check(const JuliusTranscript& transcript, std::string_view bytes) {
  require(transcript.all_bytes() == bytes, "no byte is lost");
  std::size_t offset = 0;
  std::chrono::microseconds time{0};
  for (const auto& row : transcript.rows()) {
    require(row.at >= time, "time does not run backwards");
    time = row.at;
    if (row.direction == JuliusTranscript::Direction::from_client) continue;
    require(row.offset == offset && transcript.bytes(row).size() == row.size, "no gap");
    offset += row.size;
  }
  require(offset == bytes.size(), "the rows tell of all bytes");
}

}  // namespace
}  // namespace bunshin::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bunshin;
  using namespace bunshin::fuzzing;
  const std::string_view both(reinterpret_cast<const char*>(data), size);
  const std::string_view table = both.substr(0, both.find('\0'));
  const std::string bytes(both.substr(std::min(both.size(), table.size() + 1)));
  try {
    const auto transcript = JuliusTranscript::parse(table, bytes, "x.tsv");
    check(transcript, bytes);
    check(transcript.as_spoken(), bytes);
  } catch (const TranscriptError& error) {
    require(std::string_view(error.what()).find('\n') == std::string_view::npos, "one line");
    require(is_utf8(error.what()), "an error is fit to be printed");
  }
  return 0;
}
