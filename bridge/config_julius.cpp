#include <stdexcept>

#include "bridge/config_readers.h"
#include "bridge/text_decoder.h"

namespace bunshin {

void read_julius_section(const ConfigSection& section, BridgeConfig& config) {
  section.allow_only({"address", "encoding", "recogniser", "ignore"});
  if (const auto address = section.text("address")) {
    if (const auto problem = address_problem(*address)) section.fail("address", *problem);
    config.julius.address = *address;
  }
  if (const auto encoding = section.text("encoding")) {
    try {
      TextDecoder decoder(*encoding);
    } catch (const std::invalid_argument& error) {
      section.fail("encoding", error.what());
    }
    config.julius.encoding = *encoding;
  }
  if (const auto recogniser = section.text("recogniser")) {
    if (recogniser->empty()) section.fail("recogniser", "it is empty");
    config.julius.recogniser = *recogniser;
  }
  if (const auto ignore = section.texts("ignore")) {
    for (const std::string& word : *ignore) {
      if (word.empty()) section.fail("ignore", "one of the words is empty");
    }
    config.julius.ignore = *ignore;
  }
}

}  // namespace bunshin
