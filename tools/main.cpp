// The program `bunshin`: one subcommand a file.

#include <fcntl.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/error.h"
#include "reactor/standard_stream.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/terminal.h"
#include "tools/usage.h"

namespace {

using bunshin::standard_error;
using bunshin::standard_output;

/// So long at the end whoever reads the output may take.
constexpr auto kLastWords = std::chrono::milliseconds(500);

/// With one of 0 to 2 missing, the next descriptor that is opened, an engine's or a peer's, would
/// become it. Reading gives the end of file; writing fails, as the caller wanted it.
void open_missing_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) (void)::open("/dev/null", O_RDONLY);
  }
}

int fail(int status, std::string_view why) {
  standard_error().print("bunshin: {}\n", why);
  return status;
}

/// As wide as the terminal, as long as there is room for words beside the names.
std::size_t help_columns() {
  const std::size_t columns = bunshin::terminal_columns(STDOUT_FILENO);
  return columns == 0 ? 80 : std::max<std::size_t>(columns, 50);
}

int usage_error(const std::string& why) {
  return fail(2, why + " (see: bunshin --help, bunshin COMMAND --help)");
}

int show_help(const CLI::App& app, const CLI::Success& help) {
  std::ostringstream text;
  const int status = app.exit(help, text, text);
  standard_output().write_waiting(text.str());
  return status;
}

/// glibc takes large blocks from the system, 128 KiB and up, and gives them back. By itself it
/// would raise that limit with each block that is freed, up to 32 MiB, and keep what a crowd once
/// needed.
void give_memory_back() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

/// The arguments, the last one first, as CLI11 wants them; `help COMMAND` is `COMMAND --help`.
std::vector<std::string> arguments_of(int argc, char** argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  std::reverse(words.begin(), words.end());
  return words;
}

int run(int argc, char** argv) {
  CLI::App app("Event-driven echo, chat and a bridge from speech to a robot", "bunshin");
  app.formatter(std::make_shared<bunshin::HelpFormatter>(help_columns()));
  app.footer("`bunshin help COMMAND` tells what a command takes.");
  app.set_version_flag("-V,--version", bunshin::version_text, "As the command version");
  app.require_subcommand(1);
  bunshin::add_echo_command(app);
  bunshin::add_chat_command(app);
  bunshin::add_connect_command(app);
  bunshin::add_load_command(app);
  bunshin::add_bridge_command(app);
  bunshin::add_sim_command(app);
  bunshin::add_demo_command(app);
  bunshin::add_trace_command(app);
  bunshin::add_version_command(app);
  bunshin::add_completion_command(app);
  bunshin::add_manual_command(app);
  try {
    app.parse(arguments_of(argc, argv));
  } catch (const CLI::Success& help) {
    return show_help(app, help);
  } catch (const CLI::ParseError& error) {
    return usage_error(bunshin::usage_mistake(app, error));
  } catch (const bunshin::UsageError& error) {
    return usage_error(error.what());
  } catch (const bunshin::InputError& error) {
    return fail(2, error.what());
  } catch (const bunshin::Exit& exit) {
    return exit.status;
  }
  return 0;
}

/// The exit status: 0 done, 1 failed, 2 called wrongly.
int run_and_tell(int argc, char** argv) noexcept {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    return fail(1, error.what());
  } catch (...) {
    return fail(1, "failed for an unknown reason");
  }
}

/// Whatever the command did, output that nobody could be given is a failure.
int finish_output(int status) {
  standard_output().flush(kLastWords);
  if (const int error = standard_output().error(); error != 0) {
    standard_error().print("bunshin: cannot write to standard output: {}\n",
                           bunshin::error_text(error));
    if (status == 0) status = 1;
  }
  standard_error().flush(kLastWords);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  give_memory_back();
  open_missing_descriptors();
  // A log that has reached the limit of a file's size: write(2) fails.
  std::signal(SIGXFSZ, SIG_IGN);
  return finish_output(run_and_tell(argc, argv));
}
