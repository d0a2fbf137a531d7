#include "bridge/block_framer.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace bunshin {
namespace {

constexpr std::string_view kBlank = " \t\r\n";
/// Enough of a line to tell whether it is ".\r" and nothing else.
constexpr std::size_t kLineHead = 3;
/// The ".\r" that ends a block of exactly the limit.
constexpr std::size_t kTerminatorRoom = 2;
constexpr std::string_view kProcessEnd = "</RECOGPROCESS>";

std::string_view trim(std::string_view line) {
  const std::size_t first = line.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlank) - first + 1);
}

/// Only a carriage return may stand beside the dot: " ." is somebody's text.
bool is_terminator(std::string_view line) { return line == "." || line == ".\r"; }

bool starts_with_tag(std::string_view line, std::string_view tag) {
  if (line.substr(0, tag.size()) != tag) return false;
  line.remove_prefix(tag.size());
  return line.empty() || line.front() == '>' || line.front() == '/' ||
         kBlank.find(line.front()) != std::string_view::npos;
}

bool opens_process(std::string_view line) {
  return starts_with_tag(line, "<RECOGPROCESS") && line.substr(line.size() - 2) != "/>" &&
         line.find(kProcessEnd) == std::string_view::npos;
}

}  // namespace

BlockFramer::BlockFramer(std::size_t limit) : limit_(limit) { assert(limit > 0); }

void BlockFramer::feed(std::string_view bytes) {
  fed_ = 0;
  first_end_.reset();
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    take_piece(bytes.substr(0, newline));
    if (newline == std::string_view::npos) return;
    fed_ += newline + 1;
    end_line();
    bytes.remove_prefix(newline + 1);
  }
}

std::optional<BlockFramer::Block> BlockFramer::next() {
  if (ready_.empty()) return std::nullopt;
  Block block = std::move(ready_.front());
  ready_.pop_front();
  return block;
}

void BlockFramer::reset() {
  ready_.clear();
  begin_block();
  block_.shrink_to_fit();
}

void BlockFramer::begin_block() {
  block_.clear();
  line_start_ = 0;
  process_ = Process::none;
  first_line_ = true;
  skipping_ = false;
}

void BlockFramer::take_piece(std::string_view piece) {
  if (skipping_) {
    block_.append(piece.substr(0, kLineHead - std::min(kLineHead, block_.size())));
  } else if (block_.size() + piece.size() > limit_ + kTerminatorRoom) {
    // Keep the head of this line: it may still be the one that ends the block.
    std::string head = block_.substr(line_start_, kLineHead);
    head.append(piece.substr(0, kLineHead - head.size()));
    skip_block(std::move(head));
  } else {
    block_.append(piece);
  }
}

void BlockFramer::end_line() {
  const std::string_view line = std::string_view(block_).substr(line_start_);
  const bool terminator = is_terminator(line);
  if (skipping_) {
    block_.clear();
    if (!terminator) return;
    note_end(0);
    begin_block();
  } else if (process_ != Process::none) {
    end_process_line();
  } else if (terminator) {
    note_end(0);
    finish_block();
  } else {
    const std::string_view text = trim(line);
    if (first_line_ && opens_process(text)) process_ = Process::open;
    first_line_ = first_line_ && text.empty();
    keep_line();
  }
}

void BlockFramer::end_process_line() {
  const std::string_view line = std::string_view(block_).substr(line_start_);
  const std::string_view text = trim(line);
  const bool closes = text.find(kProcessEnd) != std::string_view::npos;
  if (process_ == Process::after_part && !closes && !text.empty() &&
      !starts_with_tag(text, "<SR")) {
    // Nothing of the element follows: the engine never closed it and that "." was the end after
    // all. Taking it so loses this one block instead of all that come behind it.
    std::string next_line(line);
    note_end(line.size() + 1);
    block_.resize(line_start_);
    finish_block();
    block_ = std::move(next_line);
    end_line();
  } else if (is_terminator(line)) {
    process_ = Process::after_part;
    block_.resize(line_start_);
  } else {
    if (closes) process_ = Process::none;
    if (!closes && !text.empty()) process_ = Process::open;
    keep_line();
  }
}

void BlockFramer::keep_line() {
  block_.push_back('\n');
  line_start_ = block_.size();
  if (block_.size() > limit_) skip_block({});
}

/// A block has ended, `line_size` bytes before the end of the current line. What ended in bytes fed
/// earlier is told too late for anybody to begin there.
void BlockFramer::note_end(std::size_t line_size) {
  if (!first_end_ && line_size <= fed_) first_end_ = fed_ - line_size;
}

void BlockFramer::finish_block() {
  block_.resize(line_start_);
  ready_.push_back(Block{std::move(block_), false});
  block_ = {};
  begin_block();
}

void BlockFramer::skip_block(std::string line_head) {
  ++oversized_count_;
  ready_.push_back(Block{{}, true});
  begin_block();
  block_ = std::move(line_head);  // frees the large one
  skipping_ = true;
}

}  // namespace bunshin
