#include <fmt/format.h>

#include "bridge/config_readers.h"
#include "reactor/serial_line.h"

namespace bunshin {

void read_serial_section(const ConfigSection& section, BridgeConfig& config) {
  section.allow_only({"device", "baud", "hupcl", "settle"});
  if (const auto device = section.text("device")) {
    if (device->empty()) section.fail("device", "it is empty");
    config.serial.device = *device;
  }
  if (const auto baud = section.integer("baud")) {
    if (!is_baud(*baud)) {
      section.fail("baud", fmt::format("{} is not a baud rate; Rapiro's is 57600", *baud));
    }
    config.serial.baud = static_cast<int>(*baud);
  }
  config.serial.hupcl = section.flag("hupcl").value_or(config.serial.hupcl);
  config.serial.settle = section.duration("settle").value_or(config.serial.settle);
  constexpr std::chrono::seconds kLongest(60);
  if (config.serial.settle > kLongest) section.fail("settle", "no board needs more than a minute");
}

}  // namespace bunshin
