#include "bridge/julius_transcript.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>

#include "bridge/block_framer.h"
#include "bridge/julius_message.h"
#include "bridge/small_file.h"
#include "reactor/printable.h"

namespace bunshin {
namespace {

using Row = JuliusTranscript::Row;
using Direction = JuliusTranscript::Direction;

/// Hours of speech: n-best output of a real session is some 100 MB a day.
constexpr std::size_t kMaxFile = std::size_t{256} << 20;
constexpr double kMaxMilliseconds = 1e12;  // 30 years

std::string stem_of(const std::string& path) {
  for (const std::string_view suffix : {".tsv", ".bin"}) {
    if (path.size() > suffix.size() && std::string_view(path).substr(path.size() - 4) == suffix) {
      return path.substr(0, path.size() - suffix.size());
    }
  }
  return path;
}

std::string read_file(const std::string& path) {
  SmallFile file = read_small_file(path, kMaxFile);
  if (!file.error.empty()) throw TranscriptError(file.error);
  return std::move(file.text);
}

std::optional<std::chrono::microseconds> parse_time(const std::string& text) {
  char* end = nullptr;
  const double ms = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(ms >= 0) || ms > kMaxMilliseconds) return std::nullopt;
  return std::chrono::microseconds(std::llround(ms * 1000));
}

std::optional<std::size_t> parse_size(std::string_view text) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size() || size == 0) return std::nullopt;
  return size;
}

/// Takes one escape (what follows a backslash) from the front of `rest`.
std::optional<char> take_escape(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const char c = rest.front();
  rest.remove_prefix(1);
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '\\':
      return '\\';
    case 'x':
      break;
    default:
      return std::nullopt;
  }
  unsigned value = 0;
  const std::string_view hex = rest.substr(0, 2);
  const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
  if (hex.size() != 2 || error != std::errc() || end != hex.data() + 2) return std::nullopt;
  rest.remove_prefix(2);
  return static_cast<char>(value);
}

std::optional<std::string> unescape(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    const std::optional<char> plain = c == '\\' ? take_escape(text) : c;
    if (!plain) return std::nullopt;
    result.push_back(*plain);
  }
  return result;
}

/// Reads one line into `row`; returns what is wrong, or nothing.
std::string read_row(std::string_view line, Row& row) {
  const std::size_t first = line.find('\t');
  const std::size_t second = first == line.npos ? first : line.find('\t', first + 1);
  if (second == line.npos) return "expected milliseconds, < or >, and a size or command, by tabs";
  const auto time = parse_time(std::string(line.substr(0, first)));
  if (!time) return fmt::format("\"{}\" is not a time in milliseconds", line.substr(0, first));
  row.at = *time;
  const std::string_view direction = line.substr(first + 1, second - first - 1);
  const std::string_view what = line.substr(second + 1);
  if (direction == "<") {
    const auto size = parse_size(what);
    if (!size) return fmt::format("\"{}\" is not a number of bytes", what);
    row.direction = Direction::from_engine;
    row.size = *size;
  } else if (direction == ">") {
    auto command = unescape(what);
    if (!command) return "the command holds an escape other than \\n \\r \\t \\\\ \\xNN";
    row.direction = Direction::from_client;
    row.command = *std::move(command);
  } else {
    return fmt::format("\"{}\" is neither < nor >", direction);
  }
  return {};
}

std::vector<Row> read_rows(const std::string& path, std::string_view text, std::size_t bin_size) {
  std::vector<Row> rows;
  std::size_t offset = 0;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    Row row;
    std::string error = read_row(text.substr(0, end), row);
    if (error.empty() && !rows.empty() && row.at < rows.back().at) error = "time runs backwards";
    if (error.empty() && row.size > bin_size - offset) error = "the .bin file ends before this";
    if (!error.empty()) {
      throw TranscriptError(
          fmt::format("{}:{}: not a transcript: {}", path, number, printable(error)));
    }
    row.offset = offset;
    offset += row.size;
    rows.push_back(std::move(row));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  if (rows.empty()) throw TranscriptError(fmt::format("{}: not a transcript: it is empty", path));
  if (offset == bin_size) return rows;
  throw TranscriptError(fmt::format(
      "{}: not a transcript: it tells of {} bytes, the .bin file has {}", path, offset, bin_size));
}

}  // namespace

JuliusTranscript JuliusTranscript::load(const std::string& path) {
  const std::string stem = stem_of(path);
  const std::string table = read_file(stem + ".tsv");
  return parse(table, read_file(stem + ".bin"), stem + ".tsv");
}

JuliusTranscript JuliusTranscript::parse(std::string_view table, std::string bytes,
                                         const std::string& name) {
  JuliusTranscript transcript;
  transcript.bytes_ = std::move(bytes);
  transcript.rows_ = read_rows(name, table, transcript.bytes_.size());
  return transcript;
}

JuliusTranscript JuliusTranscript::as_spoken() const {
  JuliusTranscript spoken;
  spoken.bytes_ = bytes_;
  BlockFramer framer;
  std::chrono::microseconds time{0};
  std::size_t begin = 0;
  std::size_t first_late = 0;  // the row after the last STARTREC
  for (std::size_t end = 0; end < bytes_.size();) {
    const std::size_t line_end = std::min(bytes_.find('\n', end), bytes_.size() - 1) + 1;
    framer.feed(std::string_view(bytes_).substr(end, line_end - end));
    end = line_end;
    const auto block = framer.next();
    if (!block && end < bytes_.size()) continue;
    spoken.rows_.push_back({time, Direction::from_engine, begin, end - begin, {}});
    begin = end;
    const JuliusMessage message = parse_julius_block(block ? block->bytes : "").message;
    if (message.attribute("STATUS") == "STARTREC") first_late = spoken.rows_.size();
    const std::chrono::milliseconds length(message.input_msec().value_or(0));
    for (std::size_t i = first_late; i < spoken.rows_.size(); ++i) spoken.rows_[i].at += length;
    time += length;
  }
  return spoken;
}

}  // namespace bunshin
