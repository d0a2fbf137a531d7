#include "reactor/timers.h"

#include <algorithm>
#include <utility>

namespace bunshin {

/// A slot is made when each list has a place for it, so that nothing that follows can fail.
void TimerHeap::grow() {
  const std::size_t size = std::max<std::size_t>(16, 2 * slots_.size());
  free_.reserve(size);
  heap_.reserve(size);
  due_.reserve(size);
  slots_.reserve(size);
}

TimerHeap::Slot* TimerHeap::find(TimerId id) noexcept {
  if (id.slot >= slots_.size()) return nullptr;
  Slot& slot = slots_[id.slot];
  return slot.armed && slot.generation == id.generation ? &slot : nullptr;
}

TimerId TimerHeap::add(TimePoint deadline, Duration interval, Callback callback) {
  if (free_.empty()) {
    if (slots_.size() == slots_.capacity()) grow();
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Slot& slot = slots_[index];
  slot.callback = std::move(callback);
  slot.deadline = deadline;
  slot.interval = interval;
  slot.armed = true;
  insert(index);
  return {index, slot.generation};
}

bool TimerHeap::cancel(TimerId id) noexcept {
  const Slot* slot = find(id);
  if (slot == nullptr) return false;
  if (slot->position != kNotInHeap) remove_at(slot->position);
  free_slot(id.slot);
  return true;
}

bool TimerHeap::rearm(TimerId id, TimePoint deadline) noexcept {
  Slot* slot = find(id);
  if (slot == nullptr) return false;
  const bool later = deadline >= slot->deadline;  // and so than the key: no look at the heap
  slot->deadline = deadline;
  if (slot->position == kNotInHeap) {
    insert(id.slot);  // called from a callback, its own or that of another timer due by now
  } else if (!later && deadline < heap_[slot->position].key) {
    sift_up(slot->position, {deadline, order_++, id.slot});
  }
  return true;
}

std::optional<TimePoint> TimerHeap::next() noexcept {
  while (!heap_.empty()) {
    const Entry top = heap_.front();
    const TimePoint deadline = slots_[top.slot].deadline;
    if (deadline == top.key) return deadline;
    sift_down(0, {deadline, order_++, top.slot});  // it was moved later since
  }
  return std::nullopt;
}

/// Taken off the heap, and neither cancelled nor moved back into it by a callback that ran since.
bool TimerHeap::waits_to_fire(TimerId id) noexcept {
  const Slot* slot = find(id);
  return slot != nullptr && slot->position == kNotInHeap;
}

void TimerHeap::run_due(TimePoint now) {
  for (auto due = next(); due && *due <= now; due = next()) {
    const std::uint32_t slot = heap_.front().slot;
    remove_at(0);
    due_.push_back({slot, slots_[slot].generation});
  }
  const auto finish = [this] {
    due_.clear();
    due_done_ = 0;
  };
  try {
    while (due_done_ < due_.size()) fire(due_[due_done_++], now);
  } catch (...) {
    for (; due_done_ < due_.size(); ++due_done_) {
      if (waits_to_fire(due_[due_done_])) insert(due_[due_done_].slot);
    }
    finish();
    throw;
  }
  finish();
}

void TimerHeap::fire(TimerId id, TimePoint now) {
  if (!waits_to_fire(id)) return;
  Slot* slot = find(id);
  Callback callback = std::move(slot->callback);  // it may cancel itself, or grow slots_
  const bool repeats = slot->interval > Duration::zero();
  if (repeats) {
    slot->deadline += slot->interval;
    // What was missed while the loop was busy is not made up for.
    if (slot->deadline <= now) slot->deadline = now + slot->interval;
    insert(id.slot);
  }
  struct PutBack {
    TimerHeap& heap;
    TimerId id;
    Callback& callback;
    ~PutBack() {
      Slot* still = heap.find(id);
      if (still == nullptr) return;
      if (still->position == kNotInHeap) {
        heap.free_slot(id.slot);  // one-shot, and the callback did not re-arm it
      } else {
        still->callback = std::move(callback);
      }
    }
  } put_back{*this, id, callback};
  callback();
}

void TimerHeap::free_slot(std::uint32_t index) noexcept {
  Slot& slot = slots_[index];
  const Callback gone = std::move(slot.callback);  // destroyed last: that may arm another timer
  slot.callback = nullptr;
  slot.armed = false;
  slot.position = kNotInHeap;
  if (++slot.generation == 0) slot.generation = 1;
  free_.push_back(index);
}

void TimerHeap::insert(std::uint32_t slot) noexcept {
  heap_.emplace_back();
  sift_up(heap_.size() - 1, {slots_[slot].deadline, order_++, slot});
}

void TimerHeap::remove_at(std::size_t position) noexcept {
  slots_[heap_[position].slot].position = kNotInHeap;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (position == heap_.size()) return;
  if (position > 0 && last < heap_[(position - 1) / 4]) {
    sift_up(position, last);
  } else {
    sift_down(position, last);
  }
}

void TimerHeap::place(std::size_t position, const Entry& entry) noexcept {
  ++moves_;
  heap_[position] = entry;
  slots_[entry.slot].position = static_cast<std::uint32_t>(position);
}

void TimerHeap::sift_up(std::size_t position, const Entry& entry) noexcept {
  while (position > 0) {
    const std::size_t parent = (position - 1) / 4;
    if (!(entry < heap_[parent])) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, entry);
}

void TimerHeap::sift_down(std::size_t position, const Entry& entry) noexcept {
  for (;;) {
    const std::size_t first = position * 4 + 1;
    if (first >= heap_.size()) break;
    const auto begin = heap_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = heap_.begin() + static_cast<std::ptrdiff_t>(std::min(first + 4, heap_.size()));
    const auto least = std::min_element(begin, end);
    if (!(*least < entry)) break;
    place(position, *least);
    position = static_cast<std::size_t>(least - heap_.begin());
  }
  place(position, entry);
}

}  // namespace bunshin
