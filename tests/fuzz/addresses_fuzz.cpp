// Addresses as users write them.

#include <string_view>
#include <system_error>

#include "reactor/socket_address.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bunshin;
  using namespace bunshin::fuzzing;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Endpoint endpoint = Endpoint::parse(text);
    const auto address = endpoint.numeric();
    if (!address) return 0;
    const auto again = Endpoint::parse(address->to_string()).numeric();
    require(again && *again == *address, "an address can be read as it is written");
  } catch (const std::system_error& error) {
    require(error.code() == std::errc::invalid_argument,
            "a malformed address is an invalid argument");
  }
  return 0;
}
