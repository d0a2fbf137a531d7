#include "reactor/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "reactor/error.h"
#include "reactor/log.h"

namespace bunshin {

/// One line for each engine file; CMakeLists.txt decides which of them are compiled.
std::unique_ptr<Engine> make_epoll_engine(const EngineOptions& options);
std::unique_ptr<Engine> make_kqueue_engine(const EngineOptions& options);
std::unique_ptr<Engine> make_poll_engine(const EngineOptions& options);
std::unique_ptr<Engine> make_uring_engine(const EngineOptions& options);

namespace {

constexpr auto kLackRetry = std::chrono::milliseconds(10);
constexpr auto kLackLogPeriod = std::chrono::seconds(10);

struct EngineEntry {
  std::string_view name;
  std::unique_ptr<Engine> (*make)(const EngineOptions&);  // null: not in this program
  std::string_view wants;                                 // what it would need
};

constexpr EngineEntry kEngines[] = {
#ifdef BUNSHIN_HAVE_EPOLL
    {"epoll", make_epoll_engine, ""},
#else
    {"epoll", nullptr, "Linux"},
#endif
#ifdef BUNSHIN_HAVE_KQUEUE
    {"kqueue", make_kqueue_engine, ""},
#else
    {"kqueue", nullptr, "macOS or a BSD"},
#endif
#ifdef BUNSHIN_HAVE_URING
    {"io_uring", make_uring_engine, ""},
#else
    {"io_uring", nullptr, "Linux, and liburing when bunshin is built"},
#endif
    {"poll", make_poll_engine, ""},
};

const EngineEntry* find(std::string_view name) {
  for (const EngineEntry& entry : kEngines) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

/// The engine, or else the reason in `why`.
std::unique_ptr<Engine> try_engine(const EngineEntry& entry, const EngineOptions& options,
                                   std::string& why) {
  if (entry.make == nullptr) {
    why = fmt::format("it needs {}", entry.wants);
    return nullptr;
  }
  try {
    return entry.make(options);
  } catch (const std::system_error& error) {
    why = error.what();
    return nullptr;
  }
}

std::unique_ptr<Engine> make_best_engine(const EngineOptions& options) {
  std::string refused;
  for (const EngineEntry& entry : kEngines) {
    if (entry.make == nullptr) continue;
    std::string why;
    if (auto engine = try_engine(entry, options, why)) {
      if (!refused.empty()) {
        log(LogLevel::warning, "using the engine {}, because {}", entry.name, refused);
      }
      return engine;
    }
    refused +=
        fmt::format("{}{} can not run here: {}", refused.empty() ? "" : "; ", entry.name, why);
  }
  throw_sentence(ENOTSUP, "no engine works here: " + refused);
}

}  // namespace

std::size_t Engine::wait_failed(int error, Timeout timeout) {
  if (error == EINTR) return 0;
  if (error != ENOMEM && error != ENOBUFS && error != EAGAIN && error != EBUSY) {
    throw_error(error, fmt::format("waiting with {} failed", name()));
  }
  tell_lack(error);
  std::this_thread::sleep_for(std::min<Timeout>(timeout, kLackRetry));
  return 0;
}

void Engine::tell_lack(int error) noexcept {
  if (error == EINTR) return;
  const auto time = std::chrono::steady_clock::now();
  if (lack_logged_ != decltype(lack_logged_){} && time - lack_logged_ < kLackLogPeriod) return;
  lack_logged_ = time;
  log(LogLevel::warning, "the engine {} lacks something: {}; trying again", name(),
      error_text(error));
}

std::vector<std::string> engine_names() {
  std::vector<std::string> names;
  for (const EngineEntry& entry : kEngines) {
    if (entry.make != nullptr) names.emplace_back(entry.name);
  }
  return names;
}

std::string why_not(const std::string& name) {
  const EngineEntry* entry = find(name);
  if (entry == nullptr) return "there is no engine of that name";
  std::string why;
  try_engine(*entry, {.receive_buffers = 1, .receive_buffer_bytes = 64, .ring_entries = 2}, why);
  return why;
}

std::unique_ptr<Engine> make_engine(const std::string& name, const EngineOptions& options) {
  if (name == "auto") return make_best_engine(options);
  const EngineEntry* entry = find(name);
  std::string why = "there is no engine of that name";
  if (entry != nullptr) {
    if (auto engine = try_engine(*entry, options, why)) return engine;
  }
  std::vector<std::string> usable;
  for (const std::string& other : engine_names()) {
    if (other != name && why_not(other).empty()) usable.push_back(other);
  }
  throw_sentence(
      ENOTSUP, fmt::format("cannot use the engine \"{}\": {}; those that work here: auto, {}", name,
                           why, fmt::join(usable, ", ")));
}

}  // namespace bunshin
