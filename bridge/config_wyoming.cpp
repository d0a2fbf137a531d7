#include <fmt/format.h>

#include <algorithm>

#include "bridge/config_listen.h"
#include "bridge/config_readers.h"

namespace bunshin {
namespace {

/// As in BCP 47, as far as a slip of the pen goes: "ja", "en-GB".
bool is_language(std::string_view language) {
  return language.size() >= 2 && language.size() <= 35 &&
         std::all_of(language.begin(), language.end(), [](char c) {
           return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') ||
                  c == '-' || c == '_';
         });
}

}  // namespace

void read_wyoming_section(const ConfigSection& section, BridgeConfig& config) {
  section.allow_only({"listen", "languages"});
  config.wyoming.listen = read_listen(section);
  config.wyoming.languages = section.texts("languages").value_or(config.wyoming.languages);
  if (config.wyoming.languages.empty()) {
    section.fail("languages", "it is empty: [\"ja\"] would be Japanese");
  }
  for (const std::string& language : config.wyoming.languages) {
    if (is_language(language)) continue;
    section.fail("languages", fmt::format("\"{}\" should be like \"ja\" or \"en-GB\"", language));
  }
}

}  // namespace bunshin
