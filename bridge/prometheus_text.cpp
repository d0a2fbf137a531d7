#include "bridge/prometheus_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace bunshin {
namespace {

/// The value of a label: a backslash, a quotation mark and a line feed are escaped.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text.push_back('\\');
    if (c == '\n') {
      text += "\\n";
    } else {
      text.push_back(c);
    }
  }
  return text;
}

}  // namespace

void DurationHistogram::add(Duration duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), seconds);
  ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
  sum_ += seconds;
}

void PrometheusText::begin(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

void PrometheusText::write(std::string_view suffix, Labels labels, double value) {
  text_ += fmt::format("{}{}", name_, suffix);
  char before = '{';
  for (const auto& [name, its] : labels) {
    text_ += fmt::format("{}{}=\"{}\"", std::exchange(before, ','), name, escaped(its));
  }
  if (labels.size() > 0) text_.push_back('}');
  text_ += fmt::format(" {}\n", value);
}

void PrometheusText::sample(double value, Labels labels) { write({}, labels, value); }

void PrometheusText::counter(std::string_view name, std::string_view help, double value) {
  counter(name, help);
  sample(value);
}

void PrometheusText::gauge(std::string_view name, std::string_view help, double value) {
  gauge(name, help);
  sample(value);
}

void PrometheusText::histogram(std::string_view name, std::string_view help,
                               const DurationHistogram& histogram) {
  begin(name, "histogram", help);
  double count = 0;
  for (std::size_t index = 0; index < histogram.bounds().size(); ++index) {
    count += static_cast<double>(histogram.count(index));
    write("_bucket", {{"le", fmt::format("{}", histogram.bounds()[index])}}, count);
  }
  count += static_cast<double>(histogram.count(histogram.bounds().size()));
  write("_bucket", {{"le", "+Inf"}}, count);
  write("_sum", {}, histogram.sum());
  write("_count", {}, count);
}

}  // namespace bunshin
