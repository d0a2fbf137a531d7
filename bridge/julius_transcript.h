#pragma once

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bunshin {

/// One line that says what is wrong and where: "x.tsv:7: ...".
class TranscriptError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A recorded module-mode connection: NAME.bin holds the bytes the engine sent, NAME.tsv when which
/// of them came and what the client said. Immutable once loaded; rows point into nothing.
class JuliusTranscript {
 public:
  enum class Direction { from_engine, from_client };

  struct Row {
    std::chrono::microseconds at{0};  // since the connection was made; never decreases
    Direction direction = Direction::from_engine;
    std::size_t offset = 0;  // from_engine: where its bytes begin,
    std::size_t size = 0;    // and how many; see bytes()
    std::string command;     // from_client: what it sent, unescaped
  };

  /// path: the .tsv, the .bin or what both have in common. Throws TranscriptError.
  static JuliusTranscript load(const std::string& path);
  /// The same from what the two files hold; `name` stands for the .tsv in errors.
  static JuliusTranscript parse(std::string_view table, std::string bytes, const std::string& name);

  /// What the engine said with every utterance as long as it was when it was spoken, by its
  /// INPUTPARAM MSEC=: for recordings made faster than speech. One row a block.
  JuliusTranscript as_spoken() const;

  const std::vector<Row>& rows() const { return rows_; }
  std::string_view bytes(const Row& row) const {
    return std::string_view(bytes_).substr(row.offset, row.size);
  }
  std::string_view all_bytes() const { return bytes_; }

 private:
  JuliusTranscript() = default;

  std::vector<Row> rows_;
  std::string bytes_;
};

}  // namespace bunshin
