#include "handlers/line_handler.h"

#include <algorithm>
#include <utility>

#include "reactor/log.h"

namespace bunshin {

void LineHandler::set_terminator(std::string text) {
  terminator_ = std::move(text);
  length_ = 0;
}

void LineHandler::set_terminator(std::size_t length) {
  terminator_.clear();
  length_ = length;
}

void LineHandler::clear_terminator() { set_terminator(std::string()); }

std::string LineHandler::take_collected() { return std::exchange(collected_, {}); }

void LineHandler::handle_overlong() {
  log(LogLevel::warning, "a message of more than {} bytes without an end: closing the connection", limit_);
  close();
}

void LineHandler::handle_read() {
  const std::string_view data = recv(64 * 1024);
  if (data.empty()) return;
  std::string joined = take_collected();  // mostly empty: then nothing is copied
  std::size_t searched = joined.size();
  if (!joined.empty()) joined.append(data);
  std::string_view input = joined.empty() ? data : std::string_view(joined);
  while (!closed()) {
    const Message message = next_message(input, searched);
    if (message.size == input.npos) break;
    const std::string_view text = input.substr(0, message.size);
    input.remove_prefix(message.size + message.terminator);
    searched = 0;
    found_terminator(text);
  }
  if (!joined.empty() && input.size() == joined.size()) {
    collected_ = std::move(joined);
  } else {
    collected_ = input;
  }
  if (closed() || collected_.size() <= limit_) return;
  collected_.clear();
  handle_overlong();
}

/// The first `searched` bytes were looked at before and hold no terminator.
LineHandler::Message LineHandler::next_message(std::string_view input, std::size_t searched) const {
  if (length_ > 0) return {input.size() < length_ ? input.npos : length_, 0};
  if (terminator_.empty()) return {input.npos, 0};
  const std::size_t overlap = terminator_.size() - 1;  // it may have begun there
  return {input.find(terminator_, searched - std::min(searched, overlap)), terminator_.size()};
}

}  // namespace bunshin
