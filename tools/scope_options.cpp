#include "tools/scope_options.h"

#include <utility>

#include "tools/command.h"

namespace bunshin {

namespace {

constexpr std::size_t kSmallestTrace = std::size_t{64} << 10;
constexpr std::size_t kLargestTrace = std::size_t{1} << 40;

}  // namespace

std::shared_ptr<ScopeArguments> add_scope_options(CLI::App& command) {
  auto arguments = std::make_shared<ScopeArguments>();
  arguments->trace_limit = ScopeOptions().trace_limit;
  command
      .add_option_function<std::vector<std::string>>(
          "--scope",
          [arguments](const std::vector<std::string>& given) {
            arguments->serve = true;
            if (!given.empty() && !given.front().empty()) arguments->address = given.front();
          },
          "Serve a page that shows the loop at work; default: 127.0.0.1:8876")
      ->type_name("[ADDRESS]")
      ->expected(0, 1);
  command
      .add_option("--trace", arguments->trace,
                  "Write what the loop does to a file: `bunshin trace FILE` tells it, Perfetto and "
                  "the page show it")
      ->type_name("FILE");
  command
      .add_option("--trace-limit", arguments->trace_limit,
                  "How large it may become; the oldest is dropped (64MiB)")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(kSmallestTrace, kLargestTrace));
  return arguments;
}

std::unique_ptr<LoopScope> watch_loop(Reactor& reactor, const ScopeArguments& arguments,
                                      std::string program, std::function<void(Model)> set_model) {
  if (!arguments.any()) return nullptr;
  ScopeOptions options;
  options.program = std::move(program);
  options.version = BUNSHIN_VERSION;
  if (arguments.serve) options.address = parse_address(arguments.address);
  options.trace = arguments.trace;
  options.trace_limit = arguments.trace_limit;
  options.set_model = std::move(set_model);
  auto scope = std::make_unique<LoopScope>(reactor, options);
  if (arguments.serve) standard_output().print("the loop is shown at {}\n", scope->url());
  return scope;
}

}  // namespace bunshin
