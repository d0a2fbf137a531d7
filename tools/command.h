#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "handlers/client_limits.h"
#include "reactor/reactor.h"
#include "reactor/reactor_group.h"
#include "reactor/standard_stream.h"
#include "reactor/stream_watch.h"

namespace bunshin {

// What the subcommands share. Main thread only.

/// A mistake in how the program was called: main() prints it in one line and exits with 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file of the user's that can not be used: main() prints why in one line and exits with 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Ends the program with `status` after the reason has been printed already.
struct Exit {
  int status;
};

/// Adds the options of every command that runs a loop (--engine, --spin). The returned options are
/// filled when the arguments have been parsed.
std::shared_ptr<ReactorOptions> add_loop_options(CLI::App& command);

/// Adds --max-clients and --idle-timeout, for servers. They are filled when the arguments have been
/// parsed; `limits` must live until then.
void add_limit_options(CLI::App& command, ClientLimits& limits);

/// Reads an address argument; a malformed one is a UsageError.
Endpoint parse_address(const std::string& text);

/// How long handlers may take to finish what they owe.
inline constexpr Duration kFinishLimit = std::chrono::seconds(5);

/// Whatever asks the program to end (SIGINT, SIGTERM, SIGHUP, SIGQUIT) calls `end`, so that nothing
/// is left as it should not be. SIGUSR1 logs how things stand, SIGUSR2 does nothing. A function for
/// one of them that is given to Reactor::on_signal later goes before.
void end_on_signals(Reactor& reactor, const std::function<void()>& end);
/// The same: every handler finishes what it owes, within 5 s, after `first` was called; a second
/// signal stops.
void finish_on_signals(Reactor& reactor, std::function<void()> first = {});
/// The same for all reactors of a group.
void finish_on_signals(ReactorGroup& group);

/// Prints "listening on WHERE" on standard output, at once.
void announce(std::string_view where);

/// While it lives, the reactor's loop takes care of standard output and standard error: it never
/// waits for those who read them.
struct LoopStreams {
  explicit LoopStreams(Reactor& reactor)
      : output(reactor, standard_output()), errors(reactor, standard_error()) {}
  StreamWatch output;
  StreamWatch errors;
};

/// Runs the loop of a command, or all loops of a group, to the end, with LoopStreams.
void run_loop(Reactor& reactor);
void run_loop(ReactorGroup& group);

}  // namespace bunshin
