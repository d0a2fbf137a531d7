#include "tests/simulation/run.h"

#include <fmt/format.h>

#include <typeinfo>

#include "reactor/log.h"

namespace bunshin::simulation {

namespace {

/// So many rounds of one loop in a row in which nothing moved, and it did not sleep.
constexpr std::uint64_t kSpin = 1000;
/// One callback logs at most so much; a run seldom as much as this.
constexpr std::size_t kMostLines = 5000;

}  // namespace

void require(bool holds, const std::string& otherwise) {
  if (!holds) throw Violation(otherwise);
}

Run::Run(Draws& draws, Tale& tale) : world(draws), draws_(draws), tale_(tale) {
  set_log_sink([this](LogLevel level, std::string_view line) {
    tale_.note(static_cast<std::uint64_t>(level));  // and not its words: systems name errors each
    tale_.tell(fmt::format("{:>13}  log: {}", "", line));
    ++lines_;
  });
}

Run::~Run() {
  for (const auto& process : world.processes()) process->kill();
  set_log_sink({});
}

Process& Run::start(const std::string& name) {
  Process& process = world.start(name, chance() ? Process::Tells::once : Process::Tells::edges);
  watchers_.push_back(std::make_unique<Watcher>(process, tale_));
  return process;
}

void Run::excuse(const std::system_error& error) {
  require(draws_.happened(Choice::unwatched) > 0, error.what());
}

void Run::check_all() {
  for (const auto& watcher : watchers_) require(watcher->violation().empty(), watcher->violation());
  for (const auto& process : world.processes()) check(*process);
  require(lines_ < kMostLines, "the log is flooded");
}

/// A loop that sleeps for ever leaves nobody who wants what is there: that is a lost edge.
void Run::check(Process& process) {
  if (process.failure()) std::rethrow_exception(process.failure());
  require(process.idle_rounds() < kSpin, process.name() + " spins");
  if (!process.asleep() || process.over() || process.wakes_at() != TimePoint::max()) return;
  process.reactor().for_each([&process](EventHandler& handler) {
    if (handler.descriptor() < 0 || handler.connecting() || handler.ended()) return;
    const std::uint8_t state = process.at(handler.descriptor())->state();
    const bool reads = (state & ready::readable) != 0 && !handler.reading_paused() &&
                       handler.error() == 0 && handler.readable();
    require(!reads,
            fmt::format("{}: {} #{} sleeps, wants to read, and could: a lost edge", process.name(),
                        class_name(typeid(handler)).text(), handler.descriptor()));
    const bool writes = (state & ready::writable) != 0 && handler.error() == 0 && handler.owes();
    require(!writes,
            fmt::format("{}: {} #{} sleeps, owes bytes, and could send: a lost edge",
                        process.name(), class_name(typeid(handler)).text(), handler.descriptor()));
  });
}

void Run::until(const std::function<bool()>& done, std::uint64_t rounds) {
  const std::uint64_t first = world.rounds();
  bool goes_on = true;
  while (!done()) {
    if (world.rounds() - first > rounds / 2) draws_.calm();
    check_all();
    require(goes_on, "everything is at rest, and it is not done");
    require(world.rounds() - first < rounds, fmt::format("not done after {} rounds", rounds));
    goes_on = world.step();
  }
  check_all();
}

void Run::settle(std::uint64_t rounds) {
  draws_.calm();
  const std::uint64_t first = world.rounds();
  do {
    check_all();
  } while (world.rounds() - first < rounds && world.step());
}

}  // namespace bunshin::simulation
