#include "tools/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdlib>
#include <cwchar>

#include "reactor/standard_stream.h"

namespace bunshin {

namespace {

constexpr std::string_view kReset = "\x1b[0m";

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

Colours colours_of(std::string_view term) {
  if (!variable("NO_COLOR").empty()) return Colours::none;
  const std::string_view colorterm = variable("COLORTERM");
  if (colorterm == "truecolor" || colorterm == "24bit") return Colours::any;
  return term.ends_with("256color") ? Colours::palette : Colours::eight;
}

/// One character, or one code of colours, that `text` begins with: its bytes and its columns.
struct Piece {
  std::size_t bytes;
  std::size_t columns;
};

Piece first_piece(std::string_view text) {
  if (text.starts_with("\x1b[")) {
    std::size_t end = 2;
    while (end < text.size() && (text[end] < '@' || text[end] > '~')) ++end;
    return {std::min(end + 1, text.size()), 0};
  }
  wchar_t letter = 0;
  std::mbstate_t state{};
  const std::size_t bytes = std::mbrtowc(&letter, text.data(), text.size(), &state);
  if (bytes == 0 || bytes > text.size()) return {1, 1};  // no character: shown as one all the same
  return {bytes, static_cast<std::size_t>(std::max(::wcwidth(letter), 0))};
}

}  // namespace

Terminal terminal_of(int fd) {
  if (::isatty(fd) == 0) return {};
  const std::string_view term = variable("TERM");
  if (term.empty() || term == "dumb") return {.there = true};
  return {.there = true, .redraws = true, .colours = colours_of(term)};
}

std::size_t terminal_columns(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

std::string colour_code(Colours colours, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  const auto sixth = [](std::uint8_t part) { return (part * 5 + 127) / 255; };
  const auto bit = [](std::uint8_t part) { return part >= 64 ? 1 : 0; };
  const int nearest = bit(red) + 2 * bit(green) + 4 * bit(blue);
  switch (colours) {
    case Colours::none:
      return "";
    case Colours::eight:
      return fmt::format("\x1b[{}m", nearest == 0 ? 90 : 30 + nearest);  // 90: a black that is seen
    case Colours::palette:
      return fmt::format("\x1b[38;5;{}m", 16 + 36 * sixth(red) + 6 * sixth(green) + sixth(blue));
    case Colours::any:
      return fmt::format("\x1b[38;2;{};{};{}m", red, green, blue);
  }
  return "";
}

std::string_view colour_end(Colours colours) {
  return colours == Colours::none ? std::string_view() : kReset;
}

void use_utf8() {
  if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
}

std::size_t text_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Piece piece = first_piece(text);
    width += piece.columns;
    text.remove_prefix(piece.bytes);
  }
  return width;
}

std::string cut_to_width(std::string_view text, std::size_t columns) {
  std::string result;
  bool full = false;
  for (std::size_t width = 0; !text.empty();) {
    const Piece piece = first_piece(text);
    full = full || width + piece.columns > columns;
    if (!full || text.front() == '\x1b') result += text.substr(0, piece.bytes);
    width += piece.columns;
    text.remove_prefix(piece.bytes);
  }
  return result;
}

void end_cursor_line() {
  if (::isatty(STDERR_FILENO) != 0) standard_error().print("\n");
}

}  // namespace bunshin
