#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace bunshin {

/// Cuts the byte stream of Julius' module mode into blocks. A block ends with a line that holds
/// only "."; inside an open `<RECOGPROCESS>` element such lines separate its parts and are left
/// out. Works on bytes, before any decoding: no second byte of Shift_JIS or EUC-JP is a line
/// feed, so a "." line means the same in every encoding the engine can use.
/// Owned by one client; no thread of its own; memory stays under the limit plus one fed chunk.
class BlockFramer {
 public:
  static constexpr std::size_t kDefaultLimit = std::size_t{1} << 20;

  struct Block {
    std::string bytes;       // without the "." line; empty for DEACTIVATEPROCESS
    bool oversized = false;  // longer than the limit: bytes is empty, the rest is skipped
  };

  /// REQUIRES: limit > 0, in bytes.
  explicit BlockFramer(std::size_t limit = kDefaultLimit);

  /// Takes bytes cut anywhere. Call next() until it is empty before feeding more.
  void feed(std::string_view bytes);

  /// The oldest block not yet taken. An oversized one is reported once, when it passes the limit.
  std::optional<Block> next();

  /// Forgets a block begun and blocks not taken: for a new connection. Counters stay.
  void reset();

  std::size_t pending() const { return block_.size(); }  // bytes of the block begun
  /// Whether everything fed so far was whole blocks.
  bool between_blocks() const { return block_.empty() && !skipping_; }
  /// Where in the bytes fed last the first block ended that did, "." line included.
  std::optional<std::size_t> first_end() const { return first_end_; }
  std::size_t oversized_count() const { return oversized_count_; }

 private:
  enum class Process { none, open, after_part };

  void take_piece(std::string_view piece);
  void end_line();
  void end_process_line();
  void keep_line();
  void begin_block();
  void finish_block();
  void note_end(std::size_t line_size);
  void skip_block(std::string line_head);

  const std::size_t limit_;
  std::deque<Block> ready_;
  std::string block_;           // while skipping: at most the first bytes of the current line
  std::size_t line_start_ = 0;  // of the current line, in block_
  Process process_ = Process::none;
  bool first_line_ = true;  // no line of this block held anything yet
  bool skipping_ = false;
  std::size_t fed_ = 0;  // of the bytes fed last, up to the end of the current line
  std::optional<std::size_t> first_end_;
  std::size_t oversized_count_ = 0;
};

}  // namespace bunshin
