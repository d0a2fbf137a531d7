#include "tools/scope/trace_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "tools/scope/loop_event.h"

namespace bunshin {

namespace {

using nlohmann::json;

bool has_number(const json& entry, const char* name) {
  const auto found = entry.find(name);
  return found != entry.end() && found->is_number();
}

bool has_integer(const json& entry, const char* name) {
  const auto found = entry.find(name);
  return found != entry.end() && found->is_number_integer();
}

bool has_text(const json& entry, const char* name) {
  const auto found = entry.find(name);
  return found != entry.end() && found->is_string();
}

}  // namespace

void TraceCheck::take(const json& entry) {
  ++entries_;
  if (!fault_.empty()) return;
  const std::string fault = fault_of(entry);
  if (!fault.empty()) fault_ = fmt::format("entry {}: {}", entries_, fault);
}

std::string TraceCheck::summary() const {
  return fmt::format("{} entries, {} events in {} rounds, {} handlers", entries_, events_, rounds_,
                     handlers_.size());
}

std::string TraceCheck::fault_of(const json& entry) {
  if (!has_text(entry, "ph") || entry["ph"].get_ref<const std::string&>().size() != 1) {
    return "\"ph\" is no single letter";
  }
  const char phase = entry["ph"].get_ref<const std::string&>().front();
  if (!has_text(entry, "name")) return "it has no \"name\"";
  if (!has_integer(entry, "pid") || !has_integer(entry, "tid"))
    return "\"pid\" or \"tid\" is no number";
  if (phase != 'M' && !has_number(entry, "ts")) return "\"ts\" is no number";
  if (phase == 'X' && !has_number(entry, "dur")) return "\"dur\" is no number";
  if (std::string fault = slice_fault(entry, phase); !fault.empty()) return fault;
  if (std::string fault = arrow_fault(entry, phase); !fault.empty()) return fault;
  const auto arguments = entry.find("args");
  if (arguments == entry.end()) return {};
  if (!arguments->is_object()) return "\"args\" is no object";
  return arguments->contains("event") ? event_fault(*arguments) : std::string();
}

std::string TraceCheck::slice_fault(const json& entry, char phase) {
  auto& open = slices_[entry["tid"].get<std::int64_t>()];
  const auto& name = entry["name"].get_ref<const std::string&>();
  if (phase == 'B') open.push_back(name);
  if (phase != 'E') return {};
  if (open.empty())
    return rounds_ == 0 ? "" : fmt::format("slice \"{}\" ends and has not begun", name);
  const std::string begun = open.back();
  open.pop_back();
  return begun == name ? "" : fmt::format("slice \"{}\" ends within \"{}\"", name, begun);
}

std::string TraceCheck::arrow_fault(const json& entry, char phase) {
  if (phase != 's' && phase != 'f') return {};
  if (!has_integer(entry, "id")) return "\"id\" of an arrow is no number";
  const auto id = entry["id"].get<std::int64_t>();
  if (phase == 's') {
    first_arrow_ = std::min(first_arrow_, id);
    return arrows_.insert(id).second ? "" : "an arrow begins twice";
  }
  const bool begun = arrows_.erase(id) == 1 || id < first_arrow_;  // in what was dropped
  return begun ? "" : "an arrow ends that has not begun";
}

std::string TraceCheck::event_fault(const json& event) {
  ++events_;
  if (!has_integer(event, "t") || !has_integer(event, "round"))
    return "\"t\" or \"round\" is no number";
  if (!has_text(event, "event")) return "\"event\" is no text";
  const auto& name = event["event"].get_ref<const std::string&>();
  if (name == "round_begins") ++rounds_;
  if (name == "hello") {
    if (!has_integer(event, "schema")) return "\"schema\" is no number";
    const auto schema = event["schema"].get<std::int64_t>();
    return schema == kEventSchema ? "" : fmt::format("schema {} is not {}", schema, kEventSchema);
  }
  if (!has_integer(event, "handler")) return {};
  const auto handler = event["handler"].get<std::int64_t>();
  if (name == "opened") handlers_.insert(handler);
  const bool known = handler == 0 || handlers_.count(handler) > 0;
  return known ? "" : fmt::format("handler {} was not introduced", handler);
}

}  // namespace bunshin
