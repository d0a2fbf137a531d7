#include "reactor/broken.h"

#include <cstdlib>
#include <string>

namespace bunshin {

bool broken(std::string_view protection) noexcept {
  static const std::string chosen = [] {
    const char* name = std::getenv("BUNSHIN_BREAK");
    return std::string(name != nullptr ? name : "");
  }();
  return protection == chosen;
}

}  // namespace bunshin
