#include "handlers/line_handler.h"

#include <algorithm>
#include <utility>

#include "reactor/log.h"

namespace bunshin {

void LineHandler::set_terminator(std::string text) {
  terminator_ = std::move(text);
  length_ = 0;
  searched_ = 0;
}

void LineHandler::set_terminator(std::size_t length) {
  set_terminator(std::string());
  length_ = length;
}

void LineHandler::clear_terminator() { set_terminator(std::string()); }

std::string LineHandler::take_collected() {
  searched_ = 0;
  return std::exchange(collected_, {});
}

void LineHandler::handle_overlong() {
  log(LogLevel::warning, "a message of more than {} bytes without an end: closing the connection",
      limit_);
  close();
}

void LineHandler::handle_read() {
  const std::string_view data = recv(64 * 1024);
  if (data.empty()) return;
  std::string joined = std::exchange(collected_, {});  // mostly empty: then nothing is copied
  if (!joined.empty()) joined.append(data);
  std::string_view input = joined.empty() ? data : std::string_view(joined);
  while (!closed()) {
    const Message message = next_message(input);
    if (message.size == input.npos) break;
    const std::string_view text = input.substr(0, message.size);
    input.remove_prefix(message.size + message.terminator);
    searched_ = 0;
    found_terminator(text);
  }
  if (!joined.empty() && input.size() == joined.size()) {
    collected_ = std::move(joined);
  } else {
    collected_ = input;
  }
  searched_ = collected_.size();
  if (closed() || collected_.size() <= limit_) return;
  take_collected();
  handle_overlong();
}

LineHandler::Message LineHandler::next_message(std::string_view input) const {
  if (length_ > 0) return {input.size() < length_ ? input.npos : length_, 0};
  if (terminator_.empty()) return {input.npos, 0};
  const std::size_t overlap = terminator_.size() - 1;  // it may have begun there
  return {input.find(terminator_, searched_ - std::min(searched_, overlap)), terminator_.size()};
}

}  // namespace bunshin
