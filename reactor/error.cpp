#include "reactor/error.h"

#include <system_error>

namespace bunshin {

void throw_error(int error, const std::string& sentence) {
  throw std::system_error(error, std::generic_category(), sentence);
}

std::string error_text(int error) { return std::generic_category().message(error); }

}  // namespace bunshin
