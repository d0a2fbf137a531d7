#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/config_section.h"
#include "bridge/robot_protocol.h"
#include "bridge/rules.h"
#include "bridge/serial_config.h"

namespace bunshin {

/// [julius]: the speech engine.
struct JuliusConfig {
  std::string address = "localhost:10500";
  std::string encoding = "UTF-8";  ///< a name iconv knows
  std::string recogniser;          ///< of several (-SR), the one that counts; empty: all do
  std::vector<std::string> ignore = default_ignored_words();  ///< words that are none
  bool operator==(const JuliusConfig&) const = default;
};

struct OnSilence {
  std::chrono::milliseconds after{0};
  std::string send;
  bool operator==(const OnSilence&) const = default;
};

/// [robot]: how commands are brought to it.
struct RobotConfig {
  RobotProtocol lines;  ///< none: a Rapiro
  /// A robot that catches up on a minute of turns hurts itself: a command that waits for longer is
  /// dropped when the robot can be had again.
  std::chrono::milliseconds max_age{3000};
  /// A newer motion replaces one that still waits; a newer pose one that moves nothing else.
  bool coalesce = true;
  /// While it moves the engine is not to listen: it would hear the robot.
  bool mute_while_moving = false;
  std::chrono::milliseconds mute_at_most{5000};
  /// Sent when the engine has said nothing for so long after a command; once.
  std::optional<OnSilence> on_silence;
  bool operator==(const RobotConfig&) const = default;
};

/// [share]: other programs hear Julius through us.
struct ShareConfig {
  std::string listen;          ///< empty: none do
  bool allow_control = false;  ///< whether they may send commands to it
};

/// [status]: how the bridge is, for programs that ask.
struct StatusConfig {
  std::string listen;              ///< empty: nobody can ask
  std::vector<std::string> names;  ///< of this host, which they may ask for: see HttpOptions::names
  bool operator==(const StatusConfig&) const = default;
};

/// [wyoming]: another ear than Julius.
struct WyomingConfig {
  std::string listen;                        ///< empty: none
  std::vector<std::string> languages{"ja"};  ///< of the rules
};

/// [mqtt]: a broker that is told what happens, and may command.
struct MqttConfig {
  std::string broker;  ///< "host:port"; empty: none
  int port = 0;
  bool tls = false;
  std::string name = "rapiro";  ///< of the robot, in topics
  std::string username, password_file;
  std::string ca_file, cert_file, key_file;  ///< empty: the system's authorities, no certificate
  bool discovery = false;                    ///< whether Home Assistant is to find it
  bool operator==(const MqttConfig&) const = default;
};

/// What the bridge is told. These defaults hold for every key a file leaves out.
struct BridgeConfig {
  double min_confidence = 0.7;  ///< 0 to 1, of every word of a phrase
  JuliusConfig julius;
  SerialConfig serial;
  ShareConfig share;
  RobotConfig robot;
  StatusConfig status;
  WyomingConfig wyoming;
  MqttConfig mqtt;
  std::string source;       ///< the text it was read from
  std::vector<Rule> rules;  ///< words normalised and all different, send understood by the firmware
  /// What is allowed, and likely not what was meant: "my.toml:12: rule.words: ...".
  std::vector<std::string> warnings;
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
