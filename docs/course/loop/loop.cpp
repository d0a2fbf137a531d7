// What JavaScript calls: one figure in each instance of the module. Strings that are returned are
// lent until the next call.

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "figure.h"

#ifdef __EMSCRIPTEN__
#include <emscripten.h>
#else
#define EMSCRIPTEN_KEEPALIVE
#endif

using namespace bunshin;
using namespace bunshin::loop;

namespace {

std::unique_ptr<Figure> figure;
std::string answer;

void act(int actor, std::function<void(Actor&, BufferedDispatcher&)> what) {
  figure->act(static_cast<std::size_t>(actor), std::move(what));
}

}  // namespace

extern "C" {

/// Begins anew. Empty, or what is wrong.
EMSCRIPTEN_KEEPALIVE const char* loop_open(const char* name, const char* choice) {
  figure.reset();
  const Scenario* const scenario = find_scenario(name);
  if (scenario == nullptr) {
    answer = std::string("there is no scenario ") + name;
    return answer.c_str();
  }
  try {
    figure = std::make_unique<Figure>(*scenario, choice);
    answer.clear();
  } catch (const std::exception& error) {
    answer = error.what();
  }
  return answer.c_str();
}

/// The number of the new client.
EMSCRIPTEN_KEEPALIVE int loop_connect() { return static_cast<int>(figure->connect()); }

EMSCRIPTEN_KEEPALIVE void loop_say(int actor, const char* text) {
  act(actor, [said = std::string(text)](Actor&, BufferedDispatcher& its) { its.send(said); });
}

/// It sends no more, and goes on listening.
EMSCRIPTEN_KEEPALIVE void loop_end(int actor) {
  act(actor, [](Actor&, BufferedDispatcher& its) { its.shut_down_when_done(); });
}

EMSCRIPTEN_KEEPALIVE void loop_leave(int actor) {
  act(actor, [](Actor& who, BufferedDispatcher& its) {
    who.state = "gone";
    its.close();
  });
}

/// Whether it reads what it is sent.
EMSCRIPTEN_KEEPALIVE void loop_read(int actor, int reads) {
  act(actor, [reads](Actor&, BufferedDispatcher& its) {
    reads != 0 ? its.resume_reading() : its.pause_reading();
  });
}

EMSCRIPTEN_KEEPALIVE void loop_pause() { figure->pause(); }
EMSCRIPTEN_KEEPALIVE void loop_step() { figure->step(); }
EMSCRIPTEN_KEEPALIVE void loop_go_on() { figure->go_on(); }
EMSCRIPTEN_KEEPALIVE void loop_slow(int ms) { figure->slow(static_cast<std::uint32_t>(ms)); }
EMSCRIPTEN_KEEPALIVE void loop_model(const char* name) { figure->use_model(name); }

/// Lets time pass.
EMSCRIPTEN_KEEPALIVE void loop_pass(int ms) { figure->pass(std::chrono::milliseconds(ms)); }

EMSCRIPTEN_KEEPALIVE const char* loop_events() {
  answer = figure->take_events();
  return answer.c_str();
}

EMSCRIPTEN_KEEPALIVE const char* loop_actors() {
  answer = figure->actors_json();
  return answer.c_str();
}

}  // extern "C"
