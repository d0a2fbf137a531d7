#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reactor/timers.h"

namespace bunshin {

/// How long something took, counted by upper bounds. A plain value.
class DurationHistogram {
 public:
  /// `bounds` in seconds, ascending; they outlive it.
  explicit DurationHistogram(std::span<const double> bounds)
      : bounds_(bounds), counts_(bounds.size() + 1) {}

  void add(Duration duration);
  [[nodiscard]] std::span<const double> bounds() const { return bounds_; }
  /// How many were within the bound at `index` and above the one before; behind the last: above
  /// all.
  [[nodiscard]] std::uint64_t count(std::size_t index) const { return counts_[index]; }
  [[nodiscard]] double sum() const { return sum_; }  ///< seconds

 private:
  std::span<const double> bounds_;
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
};

/// Writes metrics as Prometheus reads them (text exposition format 0.0.4). A plain value.
class PrometheusText {
 public:
  static constexpr const char* kType = "text/plain; version=0.0.4; charset=utf-8";
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// Begins a metric; its samples follow before the next. `help` is one line.
  void counter(std::string_view name, std::string_view help) { begin(name, "counter", help); }
  void gauge(std::string_view name, std::string_view help) { begin(name, "gauge", help); }
  void sample(double value, Labels labels = {});
  /// A metric that is one sample.
  void counter(std::string_view name, std::string_view help, double value);
  void gauge(std::string_view name, std::string_view help, double value);
  void histogram(std::string_view name, std::string_view help, const DurationHistogram& histogram);

  [[nodiscard]] std::string take() { return std::exchange(text_, {}); }

 private:
  void begin(std::string_view name, std::string_view type, std::string_view help);
  void write(std::string_view suffix, Labels labels, double value);

  std::string text_;
  std::string name_;
};

}  // namespace bunshin
