#include "reactor/post_queue.h"

#include <utility>

#include "reactor/broken.h"

namespace bunshin {

bool PostQueue::post(Function function) {
  const std::lock_guard lock(mutex_);
  if (!open_) return false;
  functions_.push_back(std::move(function));
  if (!posted_.exchange(true, std::memory_order_release) && !broken("trap11")) wake_();
  return true;
}

void PostQueue::take(std::vector<Function>& out) {
  out.clear();
  const std::lock_guard lock(mutex_);
  std::swap(out, functions_);
  posted_ = false;
}

void PostQueue::remind() {
  const std::lock_guard lock(mutex_);
  if (open_ && !posted_.exchange(true, std::memory_order_release)) wake_();
}

void PostQueue::close() {
  std::vector<Function> dropped;  // declared first, so destroyed unlocked: a destructor may post
  const std::lock_guard lock(mutex_);
  open_ = false;
  posted_ = false;
  std::swap(dropped, functions_);
}

void PostQueue::reopen() {
  const std::lock_guard lock(mutex_);
  open_ = true;
}

}  // namespace bunshin
