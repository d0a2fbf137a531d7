#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/rules.h"

namespace bunshin {

/// One line a person can act on: "rapiro.toml:12: serial.baud: 57601 is not a standard baud rate".
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What the bridge is told. These defaults hold for every key a file leaves out.
struct BridgeConfig {
  double min_confidence = 0.7;  // 0 to 1, of every word of a phrase
  std::string julius_address = "localhost:10500";
  std::string julius_encoding = "UTF-8";  // a name iconv knows
  std::string serial_device = "/dev/ttyAMA0";
  int serial_baud = 57600;
  std::vector<Rule> rules;  // words normalised and all different, send understood by the firmware
};

/// Reads a TOML file, before the loop runs. Throws ConfigError for whatever is wrong in it, or when
/// it cannot be read. A key it does not know is an error: it is a typing mistake.
BridgeConfig load_config(const std::string& path);

/// The same for text already read; `name` stands for the file in errors.
BridgeConfig parse_config(std::string_view text, const std::string& name);

/// bridge/rapiro.toml as it was when the program was built: ten spoken commands.
BridgeConfig builtin_config();
std::string_view builtin_config_text();

}  // namespace bunshin
