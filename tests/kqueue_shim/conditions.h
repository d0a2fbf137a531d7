#pragma once

#include <cstdint>

namespace bunshin::kqueue_shim {

/// What a filter on a descriptor has to say: the fields of an event.
struct Condition {
  bool holds = false;
  bool eof = false;
  std::uint32_t fflags = 0;
  std::intptr_t data = 0;
};

/// Asks the kernel how things stand, taking nothing from it: neither bytes nor SO_ERROR.
Condition read_condition(int fd);
Condition write_condition(int fd);
Condition except_condition(int fd);

/// Starts to count deliveries of `signal_number` (in front of its disposition), or takes over a
/// disposition set since. False: not a signal that can be caught. Any thread.
bool watch_signal(int signal_number);
/// How often the signal has been delivered since it was first watched. Any thread.
std::uint64_t signal_count(int signal_number);
/// How many signals were delivered whose disposition was to ignore them: those, on BSD, interrupt
/// no system call. Any thread.
std::uint64_t ignored_signals();

/// One eventfd for the process, registered with every queue edge-triggered and never read, so that
/// each ring() ends the waiting of all. Safe in a signal handler.
int bell();
void ring() noexcept;

}  // namespace bunshin::kqueue_shim
