#include "bridge/config_listen.h"
#include "bridge/config_readers.h"

namespace bunshin {

void read_share_section(const ConfigSection& section, BridgeConfig& config) {
  section.allow_only({"listen", "allow_control"});
  config.share.listen = read_listen(section);
  config.share.allow_control = section.flag("allow_control").value_or(config.share.allow_control);
}

}  // namespace bunshin
