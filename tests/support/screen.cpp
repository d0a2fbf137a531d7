#include "tests/support/screen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <clocale>
#include <cwchar>

namespace bunshin::testing {

namespace {

/// 0: more of its bytes have to come.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return length <= text.size() ? length : 0;
}

std::size_t character_width(std::string_view character) {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  wchar_t letter = 0;
  std::mbstate_t state{};
  const std::size_t bytes = std::mbrtowc(&letter, character.data(), character.size(), &state);
  EXPECT_EQ(bytes, character.size()) << "a terminal was sent what is not UTF-8";
  return static_cast<std::size_t>(std::max(::wcwidth(letter), 1));
}

}  // namespace

void Screen::write(std::string_view bytes) {
  waiting_ += bytes;
  while (!waiting_.empty() && take_one()) {
  }
}

/// False when more has to come.
bool Screen::take_one() {
  const char first = waiting_.front();
  if (first == '\x1b') return take_sequence();
  std::size_t length = 1;
  if (first == '\r') {
    column_ = 0;
  } else if (first == '\n') {
    if (++row_ == cells_.size()) cells_.emplace_back();
  } else if (first == '\t') {
    column_ = std::min(column_ / 8 * 8 + 8, columns_ - 1);
  } else if (first == '\b') {
    if (column_ > 0) --column_;
  } else if (first != '\a') {
    length = character_length(waiting_);
    if (length == 0) return false;
    put(std::string_view(waiting_).substr(0, length));
  }
  waiting_.erase(0, length);
  return true;
}

bool Screen::take_sequence() {
  if (waiting_.size() < 2) return false;
  EXPECT_EQ(waiting_[1], '[') << "not a sequence that is known here";
  const std::size_t end = waiting_.find_first_not_of("0123456789;?", 2);
  if (end == waiting_.npos) return false;
  std::size_t count = 0;
  std::from_chars(waiting_.data() + 2, waiting_.data() + end, count);
  obey(waiting_[end], count);
  waiting_.erase(0, end + 1);
  return true;
}

void Screen::obey(char command, std::size_t count) {
  std::vector<std::string>& row = cells_[row_];
  const std::size_t steps = std::max<std::size_t>(count, 1);
  switch (command) {
    case 'A':
      row_ -= std::min(steps, row_);
      return;
    case 'C':
      column_ = std::min(column_ + steps, columns_ - 1);
      return;
    case 'D':
      column_ -= std::min(steps, column_);
      return;
    case 'G':
      column_ = steps - 1;
      return;
    case 'J':
      cells_.resize(row_ + 1);
      [[fallthrough]];
    case 'K':
      EXPECT_EQ(count, 0U);
      if (cells_[row_].size() > column_) cells_[row_].resize(column_);
      return;
    case 'P':
      if (row.size() > column_) {
        const auto from = row.begin() + static_cast<std::ptrdiff_t>(column_);
        row.erase(from, from + static_cast<std::ptrdiff_t>(std::min(steps, row.size() - column_)));
      }
      return;
    case '@':
      if (row.size() > column_) {
        row.insert(row.begin() + static_cast<std::ptrdiff_t>(column_), steps, " ");
      }
      return;
    case 'm':
      return;
    default:
      ADD_FAILURE() << "not a sequence that is known here: " << command;
  }
}

void Screen::put(std::string_view character) {
  const std::size_t width = character_width(character);
  if (column_ + width > columns_) {
    column_ = 0;
    if (++row_ == cells_.size()) cells_.emplace_back();
  }
  std::vector<std::string>& row = cells_[row_];
  if (row.size() < column_ + width) row.resize(column_ + width, " ");
  row[column_] = character;
  if (width == 2) row[column_ + 1].clear();
  column_ += width;
}

std::string Screen::line(std::size_t row) const {
  std::string text;
  if (row >= cells_.size()) return text;
  for (const std::string& cell : cells_[row]) text += cell;
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::vector<std::string> Screen::lines() const {
  std::vector<std::string> lines;
  for (std::size_t row = 0; row < cells_.size(); ++row) lines.push_back(line(row));
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace bunshin::testing
