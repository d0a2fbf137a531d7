#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bunshin {

// What the terminal behind a descriptor can show. Main thread only.

enum class Colours { none, eight, palette, any };  ///< palette: 256; any: 24 bits

struct Terminal {
  bool there = false;    ///< it is one
  bool redraws = false;  ///< it can move its cursor and erase
  Colours colours = Colours::none;
};

/// By custom: TERM, COLORTERM (terminfo does not know 24 bits), NO_COLOR (no-color.org).
Terminal terminal_of(int fd);

/// How wide the terminal of a descriptor is; 0 when it is none or does not say.
std::size_t terminal_columns(int fd);

/// What makes the following text red, green and blue by so much: nothing without colours.
std::string colour_code(Colours colours, std::uint8_t red, std::uint8_t green, std::uint8_t blue);
/// What ends that.
std::string_view colour_end(Colours colours);

/// Makes the process read and measure text as UTF-8, whatever LANG says.
void use_utf8();
/// Columns that UTF-8 text takes: two for each wide East Asian character. Needs use_utf8(). Codes
/// of colours take none.
std::size_t text_width(std::string_view text);
/// As much of one line as fits into `columns`; codes of colours stay, behind the cut too.
std::string cut_to_width(std::string_view text, std::size_t columns);

/// Behind ^C, which the terminal has shown, a new line begins: the shell's prompt is not left
/// behind what was printed.
void end_cursor_line();

}  // namespace bunshin
