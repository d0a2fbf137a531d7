#include "bridge/wyoming_framer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "reactor/printable.h"

namespace bunshin {
namespace {

using Json = nlohmann::json;

/// Null when it is no JSON.
Json parsed(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json() : json;
}

/// A length that a header announces; 0 when it does not. None: it is no such number.
std::optional<std::size_t> length_of(const Json& header, const char* name, std::size_t most) {
  const auto found = header.find(name);
  if (found == header.end() || found->is_null()) return 0;
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() > most) return std::nullopt;
  return found->get<std::size_t>();
}

void take_text(const Json& data, WyomingEvent& event) {
  const auto text = data.find("text");
  if (text != data.end() && text->is_string()) event.text = text->get<std::string>();
}

}  // namespace

void WyomingFramer::feed(std::string_view bytes) {
  if (state_ == State::payload) {  // not even kept
    const std::size_t skipped = std::min(payload_left_, bytes.size());
    payload_left_ -= skipped;
    bytes.remove_prefix(skipped);
  }
  if (state_ == State::failed) return;
  input_.erase(0, std::exchange(begin_, 0));
  input_.append(bytes);
}

std::optional<WyomingEvent> WyomingFramer::next() {
  bool goes_on = true;
  while (goes_on && state_ != State::whole) {
    switch (state_) {
      case State::header:
        goes_on = take_header();
        break;
      case State::data:
        goes_on = take_data();
        break;
      case State::payload:
        goes_on = take_payload();
        break;
      case State::whole:
      case State::failed:
        return std::nullopt;
    }
  }
  if (state_ != State::whole) return std::nullopt;
  state_ = State::header;
  return std::exchange(event_, {});
}

bool WyomingFramer::take_header() {
  const std::size_t end = rest().find('\n');
  if (std::min(end, rest().size()) > kMostText) {
    return refuse(fmt::format("a line of more than {} bytes", kMostText));
  }
  if (end == rest().npos) return false;
  const std::string_view line = rest().substr(0, end);
  begin_ += end + 1;
  const Json header = parsed(line);
  if (!header.is_object()) return refuse(fmt::format("no line of JSON: {}", printable(line, 60)));
  const auto type = header.find("type");
  if (type == header.end() || !type->is_string()) return refuse("an event without a type");
  event_.type = type->get<std::string>();
  const auto data = header.find("data");
  if (data != header.end() && !data->is_null()) {
    if (!data->is_object()) return refuse("data that is no object");
    take_text(*data, event_);
  }
  const auto data_length = length_of(header, "data_length", kMostText);
  if (!data_length) return refuse(fmt::format("a data_length that is not 0 to {}", kMostText));
  const auto payload = length_of(header, "payload_length", kMostPayload);
  if (!payload) return refuse(fmt::format("a payload_length that is not 0 to {}", kMostPayload));
  data_length_ = *data_length;
  event_.payload = payload_left_ = *payload;
  state_ = State::data;
  return true;
}

/// It goes before what the header has.
bool WyomingFramer::take_data() {
  if (rest().size() < data_length_) return false;
  if (data_length_ > 0) {
    const Json data = parsed(rest().substr(0, data_length_));
    if (!data.is_object()) return refuse("further data that is no object");
    take_text(data, event_);
    begin_ += data_length_;
  }
  state_ = State::payload;
  return true;
}

bool WyomingFramer::take_payload() {
  const std::size_t here = std::min(payload_left_, rest().size());
  begin_ += here;
  payload_left_ -= here;
  if (payload_left_ > 0) return false;
  state_ = State::whole;
  return true;
}

bool WyomingFramer::refuse(std::string reason) {
  error_ = std::move(reason);
  state_ = State::failed;
  input_ = {};
  begin_ = 0;
  return false;
}

std::string wyoming_event(std::string_view type, std::string_view text) {
  constexpr auto kReplace = Json::error_handler_t::replace;  // of what is not UTF-8
  const std::string data = Json{{"text", text}}.dump(-1, ' ', false, kReplace);
  return Json{{"type", type}, {"data_length", data.size()}}.dump(-1, ' ', false, kReplace) + "\n" +
         data;
}

}  // namespace bunshin
