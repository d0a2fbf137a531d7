#include "handlers/send_queue.h"

#include <algorithm>
#include <utility>

namespace bunshin {

void SendQueue::append(std::string_view text) {
  if (shared_bytes_ > 0) return append(std::make_shared<const std::string>(text));
  own_.append(text);
}

void SendQueue::append(SharedText text) {
  if (text->empty()) return;
  const std::size_t bytes = text->size();
  shared_.push_back(std::move(text));
  shared_bytes_ += bytes;
}

// At most as much is moved as was sent since the last time.

void SendQueue::drop(std::size_t bytes) {
  if (own_.empty()) return drop_shared(bytes);
  own_start_ += bytes;
  if (own_start_ * 2 < own_.size()) return;
  own_.erase(0, own_start_);
  own_start_ = 0;
}

void SendQueue::drop_shared(std::size_t bytes) {
  shared_bytes_ -= bytes;
  for (bytes += shared_start_; first_ < shared_.size() && bytes >= shared_[first_]->size();
       ++first_) {
    bytes -= shared_[first_]->size();
    shared_[first_].reset();
  }
  shared_start_ = bytes;
  if (first_ * 2 < shared_.size()) return;
  shared_.erase(shared_.begin(), shared_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

}  // namespace bunshin
