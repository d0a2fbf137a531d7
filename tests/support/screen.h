#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bunshin::testing {

/// What a terminal shows after it was written to: as much of one as line editors and progress lines
/// use. Whatever else it is told fails the test. Main thread only.
class Screen {
 public:
  explicit Screen(std::size_t columns) : columns_(columns) {}

  /// May end within a character or a sequence.
  void write(std::string_view bytes);
  /// Each line without the blanks at its end; none behind the last that is not empty.
  [[nodiscard]] std::vector<std::string> lines() const;
  [[nodiscard]] std::string line(std::size_t row) const;
  [[nodiscard]] std::size_t row() const { return row_; }
  [[nodiscard]] std::size_t column() const { return column_; }

 private:
  bool take_one();
  bool take_sequence();
  void obey(char command, std::size_t count);
  void put(std::string_view character);

  const std::size_t columns_;
  std::string waiting_;
  std::vector<std::vector<std::string>> cells_{1};  // empty: the right half of a wide one
  std::size_t row_ = 0;
  std::size_t column_ = 0;
};

}  // namespace bunshin::testing
