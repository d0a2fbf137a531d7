#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actor.h"
#include "handlers/chat.h"
#include "handlers/echo.h"
#include "reactor/simulation/world.h"
#include "scenarios.h"
#include "teller.h"

namespace bunshin::loop {

/// A figure of the course: a server and its clients in a world that exists only in memory, and the
/// server's loop as the scope sees it. The reader is the clients, and steers the loop. Nothing
/// happens but while pass() runs. One thread; one figure at a time.
class Figure {
 public:
  using Process = simulation::Process;

  Figure(const Scenario& scenario, std::string_view choice);
  Figure(const Figure&) = delete;
  Figure& operator=(const Figure&) = delete;

  // What the reader does

  /// Another client. Its number, from 0.
  std::size_t connect();
  [[nodiscard]] Actor* actor(std::size_t number) {
    return number < actors_.size() ? &actors_[number] : nullptr;
  }
  /// Lets `what` happen to the actor's handler, if it still has one, when time passes next.
  void act(std::size_t number, std::function<void(Actor&, BufferedDispatcher&)> what);
  /// The loop stands still, and goes on.
  void pause();
  void step();
  void go_on();
  /// So long before each callback; 0: as fast as ever.
  void slow(std::uint32_t ms);
  /// New connections are served by the model of that name, if the scenario has a choice.
  void use_model(std::string_view name);

  /// Lets so much time pass, with all that happens in it.
  void pass(Duration time);
  /// The events since the last call, one JSON object a line.
  std::string take_events();
  /// The actors as a JSON list.
  [[nodiscard]] std::string actors_json() const;

  // For scenarios

  [[nodiscard]] Process& server() { return server_; }
  [[nodiscard]] Process& others() { return others_; }
  [[nodiscard]] simulation::World& world() { return world_; }
  [[nodiscard]] const Endpoint& address() const { return address_; }
  [[nodiscard]] Model model() const { return model_; }
  Actor& add_actor(std::string name);
  /// Keeps something for as long as the figure, such as options that a server refers to.
  template <typename T, typename... Args>
  T& keep(Args&&... args) {
    auto kept = std::make_shared<T>(std::forward<Args>(args)...);
    kept_.push_back(kept);
    return *kept;
  }
  /// Called after each step of the world, when `handler` was told to be readable.
  void on_edge(std::function<void(const EventHandler&)> function);

 private:
  /// In the server's loop, which sleeps between two calls of pass().
  void steer(std::function<void(Reactor&)> what);
  void tell_steering();
  void stop_slow();

  simulation::Draws draws_{std::vector<simulation::Deviation>{}};  // nothing unusual happens
  std::vector<std::shared_ptr<void>> kept_;
  std::deque<Actor> actors_;
  Endpoint address_ = Endpoint::parse("127.0.0.1:9876");
  Model model_ = Model::remembered;
  simulation::World world_{draws_};
  Process& server_ = world_.start("server");
  Process& others_ = world_.start("others");
  Teller teller_{server_.reactor()};
  const bool has_models_;
  std::uint32_t slow_ = 0;
  TimerId slow_timer_;
  std::size_t clients_ = 0;
  std::function<void(const EventHandler&)> edge_;
  std::vector<const EventHandler*> edges_;
};

}  // namespace bunshin::loop
