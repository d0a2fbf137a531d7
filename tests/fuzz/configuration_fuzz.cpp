// Configuration files.

#include <string_view>

#include "bridge/config.h"
#include "bridge/rapiro_protocol.h"
#include "reactor/serial_line.h"
#include "tests/fuzz/fuzz.h"

namespace bunshin::fuzzing {
namespace {

bool is_confidence(double value) { return 0 <= value && value <= 1; }

void check(const BridgeConfig& config) {
  require(is_confidence(config.min_confidence), "a confidence is from 0 to 1");
  require(is_baud(config.serial.baud), "the baud rate is one");
  for (const Rule& rule : config.rules) {
    require(!rule.words.empty() && rule.words == normalise_words(rule.words), "words");
    require(!validate_command(rule.send), "a rule sends what the robot understands");
    require(is_confidence(rule.min_confidence.value_or(0)), "a confidence is from 0 to 1");
  }
}

}  // namespace
}  // namespace bunshin::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bunshin;
  using namespace bunshin::fuzzing;
  try {
    check(parse_config(std::string_view(reinterpret_cast<const char*>(data), size), "x.toml"));
  } catch (const ConfigError& error) {
    const std::string_view what = error.what();
    require(what.substr(0, 7) == "x.toml:", "an error names the file");
    require(what.find('\n') == what.npos && is_utf8(what), "an error is one line");
  }
  return 0;
}
