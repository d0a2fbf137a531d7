#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace bunshin {

// One function a subcommand, each in its own file: command_NAME.cpp. It adds the subcommand to the
// program; parsing the arguments runs it. A failure leaves as an exception, which main() prints.

void add_bridge_command(CLI::App& app);
void add_chat_command(CLI::App& app);
void add_completion_command(CLI::App& app);
void add_connect_command(CLI::App& app);
void add_demo_command(CLI::App& app);
void add_echo_command(CLI::App& app);
void add_sim_command(CLI::App& app);
void add_load_command(CLI::App& app);
void add_trace_command(CLI::App& app);
void add_manual_command(CLI::App& app);
void add_version_command(CLI::App& app);

/// The version and the engines, without the last line end.
std::string version_text();

}  // namespace bunshin
