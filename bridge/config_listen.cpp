#include "bridge/config_listen.h"

#include <fmt/format.h>

#include <initializer_list>
#include <system_error>
#include <utility>

#include "reactor/socket_address.h"

namespace bunshin {
namespace {

struct Listen {
  std::string_view section;
  std::string address;
};

/// One way to write it, so that two can be compared.
std::string normalised(const std::string& address) {
  std::string text = Endpoint::parse(address).to_string();
  constexpr std::string_view kName = "localhost:";
  if (text.starts_with(kName)) text.replace(0, kName.size(), "127.0.0.1:");
  return text;
}

}  // namespace

std::string read_listen(const ConfigSection& section) {
  const auto listen = section.text("listen");
  if (!listen) section.fail("listen", "missing: an address to listen on, such as 127.0.0.1:10501");
  if (*listen == kFromSystemd) return *listen;
  try {
    return Endpoint::parse(*listen).to_string();
  } catch (const std::system_error& error) {
    section.fail("listen", error.what());
  }
}

void check_listens(const ConfigSection& root, const BridgeConfig& config) {
  const std::initializer_list<Listen> listens = {{"share", config.share.listen},
                                                 {"wyoming", config.wyoming.listen},
                                                 {"status", config.status.listen}};
  std::vector<std::pair<std::string, std::string>> taken = {
      {normalised(config.julius.address), "where Julius is (julius.address)"}};
  for (const Listen& listen : listens) {
    if (listen.address.empty() || listen.address == kFromSystemd) continue;
    std::string address = normalised(listen.address);
    for (const auto& [other, whose] : taken) {
      if (other != address || address.ends_with(":0")) continue;
      root.table(listen.section)
          ->fail("listen", fmt::format("{} is {}: take another port", listen.address, whose));
    }
    taken.emplace_back(std::move(address), fmt::format("{}.listen already", listen.section));
  }
}

bool is_open_to_others(const std::string& listen) {
  if (listen == kFromSystemd) return false;  // nobody knows here
  const std::string text = normalised(listen);
  return !text.starts_with("127.") && !text.starts_with("[::1]:") && !text.starts_with("unix:");
}

}  // namespace bunshin
