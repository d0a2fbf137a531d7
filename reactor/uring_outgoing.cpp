#include "reactor/uring_outgoing.h"

#include <algorithm>

namespace bunshin {

namespace {

/// What may be on its way to the kernel, and as much again behind it.
constexpr std::size_t kSendLimit = 128 * 1024;
/// Of memory that no send needs just now.
constexpr std::size_t kWorthKeeping = 4096;
/// A shared text of less is copied, so that it leaves with others; so many bytes together.
constexpr std::size_t kWorthSharing = 4096;
constexpr std::size_t kSharedCopy = 16 * 1024;

}  // namespace

std::size_t UringOutgoing::add(std::string_view data, UringBuffers& buffers) {
  const bool behind_lent = !text_ && data_.empty() && next_.empty();
  if (behind_lent && lent_bytes_ + data.size() <= kSendLimit && buffers.lend_on(lent_, data)) {
    lent_bytes_ += data.size();
    if (front_.empty()) front_ = data;
    return data.size();
  }
  if (front_.empty()) {
    data_.assign(data.substr(0, kSendLimit));
    front_ = data_;
    return data_.size();
  }
  const std::size_t before = next_.size();
  next_.append(data.substr(0, kSendLimit - std::min(kSendLimit, before)));
  return next_.size() - before;
}

std::size_t UringOutgoing::add_texts(std::span<const SharedText> texts, std::size_t start) {
  const std::string_view first = std::string_view(*texts.front()).substr(start);
  if (first.size() >= kWorthSharing) {
    text_ = texts.front();
    front_ = first;
    return first.size();
  }
  std::size_t count = 1;
  std::size_t size = first.size();
  while (count < texts.size() && size + texts[count]->size() <= kSharedCopy) {
    size += texts[count++]->size();
  }
  data_.reserve(size);
  data_.assign(first);
  for (const SharedText& text : texts.first(count).subspan(1)) data_.append(*text);
  front_ = data_;
  return data_.size();
}

void UringOutgoing::sent(std::size_t bytes, UringBuffers& buffers) noexcept {
  front_.remove_prefix(bytes);
  if (front_.empty()) next(buffers);
}

void UringOutgoing::next(UringBuffers& buffers) noexcept {
  if (lent_.empty()) {
    data_.clear();
    text_.reset();
  } else {
    lent_bytes_ -= buffers.front(lent_).size();
    buffers.drop_front(lent_);
    if (!lent_.empty()) {
      front_ = buffers.front(lent_);
      return;
    }
  }
  if (next_.empty()) return;
  data_.swap(next_);
  front_ = data_;
}

void UringOutgoing::finish(UringBuffers& buffers) noexcept {
  while (!front_.empty()) sent(front_.size(), buffers);
  if (data_.capacity() + next_.capacity() <= kWorthKeeping) [[likely]]
    return;
  std::string().swap(data_);
  std::string().swap(next_);
}

bool UringOutgoing::has_room() const { return next_.size() <= kSendLimit / 2; }

}  // namespace bunshin
