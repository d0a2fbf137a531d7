#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "handlers/http/http_response.h"
#include "tools/scope/loop_recorder.h"
#include "tools/scope/ticker.h"

namespace bunshin {

/// Pause, step, slow motion, and the model of new connections: what viewers may ask of the loop.
/// The last to act steers; everybody is told who. In the reactor's thread, not from an observer.
class Steering {
 public:
  /// `recorder` must outlive it. `patience`: a pause ends by itself when nobody has looked on for
  /// so long. `set_model`: lets new connections be served so; none when the program has no such
  /// choice.
  Steering(LoopRecorder& recorder, Duration patience, std::function<void(Model)> set_model);
  ~Steering();
  Steering(const Steering&) = delete;
  Steering& operator=(const Steering&) = delete;

  HttpResponse pause(std::string_view viewer);
  HttpResponse step(std::string_view viewer);
  HttpResponse go_on(std::string_view viewer);
  /// `ms`: so long between two callbacks; "0" for as fast as ever.
  HttpResponse slow(std::string_view viewer, const std::optional<std::string>& ms);
  HttpResponse model(std::string_view viewer, const std::optional<std::string>& name);

  /// So many look on from now on.
  void set_viewers(std::size_t count);
  /// Tells what has changed by itself: whose callback would be next, and whether the loop goes on.
  void look();
  /// Tells `sink` alone how things stand.
  void tell_state(EventSink& sink) const;
  /// The same as members of a JSON object.
  [[nodiscard]] std::string state_json() const;

 private:
  void acted(std::string_view viewer);
  void stop_slow();
  void resume(const std::string& by);
  void abandoned();
  void tell_steering();
  [[nodiscard]] std::string steering_members() const;
  [[nodiscard]] std::string held_members() const;

  LoopRecorder& recorder_;
  Reactor& reactor_;
  const Duration patience_;
  const std::function<void(Model)> set_model_;
  std::optional<Model> model_;
  std::string viewer_;  // who acted last
  std::size_t viewers_ = 0;
  std::uint32_t slow_ = 0;  // ms
  bool paused_ = false;     // by a viewer, and told
  std::string paused_by_;
  std::string held_;  // told last
  Ticker& abandoned_ticker_;
  Ticker& slow_ticker_;
};

}  // namespace bunshin
