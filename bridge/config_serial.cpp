#include <fmt/format.h>

#include "bridge/config_readers.h"
#include "reactor/serial_line.h"

namespace bunshin {

void read_serial_section(const ConfigSection& section, BridgeConfig& config) {
  section.allow_only({"device", "baud"});
  if (const auto device = section.text("device")) {
    if (device->empty()) section.fail("device", "it is empty");
    config.serial.device = *device;
  }
  if (const auto baud = section.integer("baud")) {
    if (!is_standard_baud(*baud)) {
      section.fail("baud", fmt::format("{} is not a standard baud rate; Rapiro's is 57600", *baud));
    }
    config.serial.baud = static_cast<int>(*baud);
  }
}

}  // namespace bunshin
