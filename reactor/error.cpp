#include "reactor/error.h"

#include <stdexcept>
#include <system_error>

namespace bunshin {

void throw_error(int error, const std::string& sentence) {
  throw std::system_error(error, std::generic_category(), sentence);
}

namespace {

class Sentence : public std::system_error {
 public:
  Sentence(int error, const std::string& text)
      : std::system_error(error, std::generic_category()), text_(text) {}
  [[nodiscard]] const char* what() const noexcept override { return text_.what(); }

 private:
  std::runtime_error text_;  // unlike a std::string, copying it never throws
};

}  // namespace

void throw_sentence(int error, const std::string& sentence) { throw Sentence(error, sentence); }

std::string error_text(int error) { return std::generic_category().message(error); }

}  // namespace bunshin
