#pragma once

#include <CLI/CLI.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include "reactor/reactor.h"
#include "reactor/reactor_group.h"

namespace bunshin {

// What the subcommands share. Main thread only.

/// A mistake in how the program was called: main() prints it in one line and exits with 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Ends the program with `status` after the reason has been printed already.
struct Exit {
  int status;
};

/// Adds the options of every command that runs a loop (--engine, --spin). The returned options are filled
/// when the arguments have been parsed.
std::shared_ptr<ReactorOptions> add_loop_options(CLI::App& command);

/// Reads an address argument; a malformed one is a UsageError.
Endpoint parse_address(const std::string& text);

/// How long handlers may take to finish what they owe.
inline constexpr Duration kFinishLimit = std::chrono::seconds(5);

/// SIGINT and SIGTERM let every handler finish what it owes, within 5 s; a second one stops.
void finish_on_signals(Reactor& reactor);
/// The same for all reactors of a group.
void finish_on_signals(ReactorGroup& group);

/// Prints "listening on ADDRESS" on standard output, at once.
void announce(const SocketAddress& address);

}  // namespace bunshin
