#include "tools/load/load_result.h"

#include <fmt/core.h>

#include "reactor/printable.h"

namespace bunshin {

namespace {

/// A loop that uses more of its core than this has no time left to wait for the server.
constexpr double kFullyUsed = 0.9;
/// With a plan: this share of the messages may leave late through our own fault, by this much.
constexpr double kLatePercentile = 99;
constexpr std::uint64_t kLate = 1'000'000;

std::string duration_text(double nanoseconds) {
  if (nanoseconds < 10'000) return fmt::format("{:.2f} us", nanoseconds / 1e3);
  if (nanoseconds < 1e6) return fmt::format("{:.1f} us", nanoseconds / 1e3);
  if (nanoseconds < 1e9) return fmt::format("{:.2f} ms", nanoseconds / 1e6);
  return fmt::format("{:.2f} s", nanoseconds / 1e9);
}

std::string line_of(std::string_view name, const Histogram& latency) {
  const auto text = [&](double percentile) {
    return duration_text(static_cast<double>(latency.at(percentile)));
  };
  return fmt::format("{:<13}p50 {}   p90 {}   p99 {}   p99.9 {}   max {}\n", name, text(50),
                     text(90), text(99), text(99.9),
                     duration_text(static_cast<double>(latency.max())));
}

std::string json_of(const Histogram& latency) {
  if (latency.count() == 0) return "null";
  std::string text = fmt::format(
      R"({{"count":{},"mean":{:.1f},"min":{},"p50":{},"p90":{},"p99":{},"p99_9":{},"max":{},"curve":[)",
      latency.count(), latency.mean(), latency.min(), latency.at(50), latency.at(90),
      latency.at(99), latency.at(99.9), latency.max());
  const char* comma = "";
  for (const auto& [percentile, value] : latency.curve()) {
    text += fmt::format("{}[{:.6f},{}]", comma, percentile, value);
    comma = ",";
  }
  return text + "]}";
}

std::string json_of(const ProcessUsage& usage, double share) {
  return fmt::format(R"("cpu_seconds":{:.9f},"user_seconds":{:.3f},"kernel_seconds":{:.3f},)"
                     R"("share":{:.4f})",
                     usage.cpu_seconds, usage.user_seconds, usage.kernel_seconds, share);
}

std::string json_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char letter : printable(text, text.size() * 2)) {
    if (letter == '"' || letter == '\\') quoted += '\\';
    quoted += letter;
  }
  return quoted + '"';
}

std::string count_of(std::size_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

/// CPU a message, and how it was spent.
std::string cpu_text(const ProcessUsage& usage, std::uint64_t messages) {
  if (messages == 0) return "no message";
  const double each = usage.cpu_seconds * 1e9 / static_cast<double>(messages);
  const double ticks = usage.user_seconds + usage.kernel_seconds;
  const double user = ticks > 0 ? usage.user_seconds / ticks : 0;
  return fmt::format("{} a message, {:.0f} % of it in the kernel", duration_text(each),
                     100 * (1 - user));
}

}  // namespace

double LoadResult::messages_per_second() const {
  return seconds > 0 ? static_cast<double>(messages) / seconds : 0;
}

double LoadResult::share_of_core(const ProcessUsage& usage) const {
  return seconds > 0 ? usage.cpu_seconds / seconds : 0;
}

double LoadResult::generator_share() const {
  if (options.busy) {
    // Polling uses the whole core whatever there is to do.
    const auto all = static_cast<double>(rounds);
    return all > 0 ? 1 - static_cast<double>(idle_rounds) / all : 0;
  }
  return share_of_core(generator);
}

std::optional<std::string> LoadResult::limited_by_generator() const {
  if (generator_share() > kFullyUsed) {
    const char* of = options.busy ? "of its rounds had work" : "of its core were used";
    return fmt::format("{:.0f} % {}", 100 * generator_share(), of);
  }
  if (options.rate > 0 && lateness.at(kLatePercentile) > kLate) {
    return fmt::format("one message in a hundred left {} late or later",
                       duration_text(static_cast<double>(lateness.at(kLatePercentile))));
  }
  return std::nullopt;
}

std::string LoadResult::to_text() const {
  const auto limit = limited_by_generator();
  std::string text =
      fmt::format("{} x {}{}, {} in flight each", count_of(options.connections, "connection"),
                  count_of(options.size, "byte"), options.text ? " of text" : "", options.depth);
  if (options.churn) text += ", a new connection for each message";
  if (options.idle > 0) text += fmt::format(", {} idle besides", options.idle);
  text += fmt::format("; {:.1f} s, engine {}\n", seconds, engine);
  if (interrupted) {
    text +=
        fmt::format("interrupted  {:.1f} of {:.1f} s were measured\n", seconds, options.seconds);
  }
  if (limit) {
    text += fmt::format(
        "throughput   not shown: the load generator was the limit ({}).\n"
        "             What still compares is the server's CPU a message{}.\n",
        *limit, server ? "" : ": give --pid");
  } else {
    text += fmt::format("throughput   {:.0f} messages/s\n", messages_per_second());
  }
  text += line_of("latency", latency);
  if (options.rate > 0) {
    text += "             (from the planned time of sending)\n";
    text += line_of("uncorrected", uncorrected);
    text += line_of("own lateness", lateness);
    text += fmt::format("plan         {} messages, {} answered, {} left without an answer\n",
                        planned, messages, unanswered);
  }
  text += fmt::format("generator    {:.0f} % of a core, {}\n", 100 * share_of_core(generator),
                      cpu_text(generator, messages));
  if (server) {
    text += fmt::format("server       {:.0f} % of a core, {}\n", 100 * share_of_core(*server),
                        cpu_text(*server, messages));
  }
  return text;
}

std::string LoadResult::to_json() const {
  const auto limit = limited_by_generator();
  std::string text = fmt::format(
      R"({{"address":{},"engine":"{}","connections":{},"size":{},"depth":{},"rate":{},"churn":{},)"
      R"("idle":{},"spread":{},"text":{},"busy":{},"interrupted":{},"seconds":{:.6f},)"
      R"("messages":{},"total_messages":{},)"
      R"("messages_per_second":{:.1f},"limited_by_generator":{},)",
      json_string(address), engine, options.connections, options.size, options.depth, options.rate,
      options.churn, options.idle, options.spread, options.text, options.busy, interrupted, seconds,
      messages, total_messages, messages_per_second(), limit ? json_string(*limit) : "null");
  text += fmt::format(R"("latency_ns":{},)", json_of(latency));
  if (options.rate > 0) {
    text += fmt::format(R"("uncorrected_ns":{},"lateness_ns":{},"planned":{},"unanswered":{},)",
                        json_of(uncorrected), json_of(lateness), planned, unanswered);
  }
  text +=
      fmt::format(R"("generator":{{{}}},"server":)", json_of(generator, share_of_core(generator)));
  if (server) {
    text +=
        fmt::format(R"({{{},"memory_before_bytes":{},"memory_bytes":{}}})",
                    json_of(*server, share_of_core(*server)), server_memory_before, server_memory);
  } else {
    text += "null";
  }
  return text + "}\n";
}

}  // namespace bunshin
