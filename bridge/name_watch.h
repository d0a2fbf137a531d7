#pragma once

#include <functional>
#include <utility>

#include "handlers/file_dispatcher.h"

namespace bunshin {

/// Calls back when something has changed on the way to a path: the reactor's side of
/// Host::watch_path. Owned by its reactor.
class NameWatch : public FileDispatcher {
 public:
  /// `place` is where whoever waits for the name keeps it: it is this from now on, and null when
  /// this is gone. It must last until then, or until forget().
  NameWatch(Reactor& reactor, UniqueFd watch, NameWatch*& place, std::function<void()> changed)
      : FileDispatcher(reactor, std::move(watch)), place_(&place), changed_(std::move(changed)) {
    place = this;
  }
  ~NameWatch() override { forget(); }

  /// Calls back no more, and ends.
  void leave() {
    forget();
    close();
  }
  void forget() {
    if (place_ != nullptr) *std::exchange(place_, nullptr) = nullptr;
  }

  void handle_read() override {
    if (!recv(4096).empty() && place_ != nullptr) changed_();
  }
  void handle_finish() override { leave(); }

 private:
  NameWatch** place_;
  std::function<void()> changed_;
};

}  // namespace bunshin
