#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "reactor/standard_stream.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/scope/trace_check.h"
#include "tools/scope/trace_reader.h"
#include "tools/scope/trace_story.h"

namespace bunshin {

namespace {

struct TraceCommand {
  std::string file;
  StoryFilter filter;
  bool check = false;
};

void print_line(std::string_view line) { standard_output().print_waiting("{}\n", line); }

/// main() prints the reason, and the exit status is 1.
void fail_if(const std::string& fault) {
  if (!fault.empty()) throw std::runtime_error(fault);
}

void check_trace(const std::string& file) {
  TraceCheck check;
  fail_if(read_trace(file, [&check](const nlohmann::json& entry) { check.take(entry); }));
  const std::string fault = check.fault();
  if (!fault.empty()) fail_if(file + " is not well-formed: " + fault);
  print_line(file + " is well-formed: " + check.summary());
}

void tell_trace(const TraceCommand& command) {
  TraceStory story(command.filter, print_line);
  const std::string fault =
      read_trace(command.file, [&story](const nlohmann::json& entry) { story.take(entry); });
  story.end();
  fail_if(fault);
  if (story.events() == 0)
    fail_if(command.file + " is no trace of a bunshin: it has none of its events");
}

void run_trace(const TraceCommand& command) {
  if (command.check && command.filter.any()) {
    throw UsageError("--check looks at the whole file: leave the filters out");
  }
  if (command.check) return check_trace(command.file);
  tell_trace(command);
}

}  // namespace

void add_trace_command(CLI::App& app) {
  auto command = std::make_shared<TraceCommand>();
  CLI::App* trace =
      app.add_subcommand("trace", "Tell what a loop did, of a file that --trace wrote");
  trace->add_option("FILE", command->file, "The trace")->required();
  trace
      ->add_option("--handler", command->filter.handler,
                   "Only what concerns it: #5, or a part of its class's name or of its address")
      ->type_name("TEXT");
  trace
      ->add_option_function<double>(
          "--slower-than",
          [command](double ns) {
            command->filter.slower_than = Duration(static_cast<std::int64_t>(ns));
          },
          "Only callbacks that took at least so long: 1ms, 500us, 2s")
      ->type_name("TIME")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, double>{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}},
          CLI::AsNumberWithUnit::UNIT_REQUIRED))
      ->check(CLI::Range(0.0, 1e18));
  trace->add_flag("--errors", command->filter.errors, "Only what went wrong");
  trace->add_flag("--check", command->check, "Only say whether the file is well-formed");
  trace->callback([command] { run_trace(*command); });
}

}  // namespace bunshin
