#include "bridge/config.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <vector>

#include "bridge/config_listen.h"
#include "bridge/config_readers.h"
#include "bridge/small_file.h"

namespace bunshin {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;

struct SectionReader {
  std::string_view name;
  void (*read)(const ConfigSection& section, BridgeConfig& config);
};

constexpr std::array kSections = {
    SectionReader{"julius", read_julius_section}, SectionReader{"serial", read_serial_section},
    SectionReader{"share", read_share_section},   SectionReader{"robot", read_robot_section},
    SectionReader{"status", read_status_section}, SectionReader{"wyoming", read_wyoming_section},
    SectionReader{"mqtt", read_mqtt_section},
};

}  // namespace

std::optional<std::string> address_problem(std::string_view address) {
  constexpr std::string_view kUnix = "unix:";
  if (address.substr(0, kUnix.size()) == kUnix) {
    if (address.size() > kUnix.size()) return std::nullopt;
    return "\"unix:\" should be followed by a path";
  }
  const std::size_t colon = address.rfind(':');
  const std::string_view host = address.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (colon == std::string_view::npos || host.empty() ||
      (!bracketed && host.find_first_of(":[] ") != std::string_view::npos)) {
    return fmt::format("\"{}\" should be HOST:PORT, [IPV6]:PORT or unix:PATH", address);
  }
  const std::string_view port = address.substr(colon + 1);
  int number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error == std::errc() && end == port.data() + port.size() && 0 < number && number <= 65535) {
    return std::nullopt;
  }
  return fmt::format("\"{}\" is not a port, 1 to 65535", port);
}

BridgeConfig parse_config(std::string_view text, const std::string& name) {
  const ConfigText file(text, name);
  const ConfigSection root = file.root();
  std::vector<std::string_view> known = {"min_confidence", "rule"};
  for (const SectionReader& section : kSections) known.push_back(section.name);
  root.allow_only(known);
  BridgeConfig config;
  config.source = text;
  config.min_confidence = root.confidence("min_confidence").value_or(config.min_confidence);
  for (const SectionReader& reader : kSections) {
    if (const auto section = root.table(reader.name)) reader.read(*section, config);
  }
  check_listens(root, config);
  read_rules(root, config);
  return config;
}

BridgeConfig load_config(const std::string& path) {
  const SmallFile file = read_small_file(path, kMaxFile);
  if (!file.error.empty()) throw ConfigError(file.error);
  return parse_config(file.text, path);
}

BridgeConfig builtin_config() {
  return parse_config(builtin_config_text(), "built-in rapiro.toml");
}

}  // namespace bunshin
