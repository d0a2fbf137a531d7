#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "reactor/shared_text.h"
#include "reactor/uring_buffers.h"

namespace bunshin {

/// What a stream has on its way to the kernel, in order: buffers it was received in, which are lent
/// on and not copied, then text of its own. The kernel reads front() until the send completes, so
/// that stays where it is. Owned by the engine, used in its thread.
class UringOutgoing {
 public:
  /// Takes what there is room for, and returns how much. std::bad_alloc: nothing was taken.
  std::size_t add(std::string_view data, UringBuffers& buffers);
  /// Takes what can leave together, and returns how many bytes: one long text, of which a reference
  /// is kept, or a copy of some that are short. `start` is where the first begins. REQUIRES:
  /// nothing is on its way, and no text is empty. std::bad_alloc: nothing was taken.
  std::size_t add_texts(std::span<const SharedText> texts, std::size_t start);
  /// What the kernel is to send now. Empty: nothing is left.
  [[nodiscard]] std::string_view front() const { return front_; }
  /// The kernel has sent so much of front().
  void sent(std::size_t bytes, UringBuffers& buffers) noexcept;
  /// Forgets what is left, and memory of its own unless it is little.
  void finish(UringBuffers& buffers) noexcept;
  /// Whether enough of what waits has left that more can be taken.
  [[nodiscard]] bool has_room() const;

 private:
  void next(UringBuffers& buffers) noexcept;

  std::string_view front_;  // in the first of lent_, or in text_, or in data_
  UringBuffers::Chain lent_;
  std::size_t lent_bytes_ = 0;  // in lent_
  SharedText text_;
  std::string data_;  // belongs to the kernel once front_ lies in it
  std::string next_;  // sent after it
};

}  // namespace bunshin
