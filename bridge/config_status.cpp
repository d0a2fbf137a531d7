#include <fmt/format.h>

#include "bridge/config_listen.h"
#include "bridge/config_readers.h"

namespace bunshin {

void read_status_section(const ConfigSection& section, BridgeConfig& config) {
  section.allow_only({"listen", "names"});
  config.status.listen = read_listen(section);
  config.status.names = section.texts("names").value_or(config.status.names);
  for (const std::string& name : config.status.names) {
    if (name.empty() || name.find_first_of("/: ") != name.npos) {
      section.fail("names", fmt::format("\"{}\" is no name of a host: \"raspberrypi.local\" would "
                                        "be one, without http:// and port",
                                        name));
    }
  }
}

}  // namespace bunshin
