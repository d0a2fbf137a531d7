#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/shared_text.h"

namespace bunshin {

/// Bytes that wait to be sent, in order: text of one's own, then texts that others have, too, of
/// which only a reference is kept. One thread.
class SendQueue {
 public:
  [[nodiscard]] std::size_t size() const { return own_.size() - own_start_ + shared_bytes_; }
  /// std::bad_alloc: nothing was appended.
  void append(std::string_view text);
  void append(SharedText text);

  /// What is sent first: own() unless that is empty, then shared(), whose first text was sent up to
  /// shared_start().
  [[nodiscard]] std::string_view own() const { return std::string_view(own_).substr(own_start_); }
  [[nodiscard]] std::span<const SharedText> shared() const {
    return std::span(shared_).subspan(first_);
  }
  [[nodiscard]] std::size_t shared_start() const { return shared_start_; }
  /// So many bytes of own(), or of shared(), have been sent.
  void drop(std::size_t bytes);

 private:
  void drop_shared(std::size_t bytes);

  std::string own_;
  std::size_t own_start_ = 0;  // what lies before it has been sent
  std::vector<SharedText> shared_;
  std::size_t first_ = 0;         // those before it have been sent
  std::size_t shared_start_ = 0;  // so has what lies before it in the first
  std::size_t shared_bytes_ = 0;
};

}  // namespace bunshin
