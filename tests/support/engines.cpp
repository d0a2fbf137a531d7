#include "tests/support/engines.h"

#include <ostream>

#include "reactor/engine.h"
#include "tests/support/files.h"

namespace bunshin::testing {

namespace {

const char* family_name(Family family) {
  switch (family) {
    case Family::ipv4:
      return "IPv4";
    case Family::ipv6:
      return "IPv6";
    default:
      return "unix";
  }
}

std::vector<Setting> combine(std::initializer_list<Family> families) {
  std::vector<Setting> all;
  for (const std::string& engine : engines()) {
    for (const Family family : families) all.push_back({engine, family});
  }
  return all;
}

}  // namespace

const std::vector<std::string>& engines() {
  static const std::vector<std::string> usable = [] {
    std::vector<std::string> names = engine_names();
    std::erase_if(names, [](const std::string& name) { return !why_not(name).empty(); });
    return names;
  }();
  return usable;
}

std::vector<Setting> settings() {
  return combine({Family::ipv4, Family::ipv6, Family::unix_domain});
}

std::vector<Setting> internet_settings() { return combine({Family::ipv4, Family::ipv6}); }

std::string name_of(const ::testing::TestParamInfo<Setting>& info) {
  return info.param.engine + "_" + family_name(info.param.family);
}

std::string name_of_engine(const ::testing::TestParamInfo<std::string>& info) { return info.param; }

void PrintTo(const Setting& setting, std::ostream* out) {
  *out << setting.engine << " over " << family_name(setting.family);
}

SocketAddress any_address(Family family) {
  switch (family) {
    case Family::ipv4:
      return *Endpoint::parse("127.0.0.1:0").numeric();
    case Family::ipv6:
      return *Endpoint::parse("[::1]:0").numeric();
    default:
      return *Endpoint::parse("unix:" + fresh_path("socket")).numeric();
  }
}

}  // namespace bunshin::testing
