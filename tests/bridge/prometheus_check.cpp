#include "tests/bridge/prometheus_check.h"

#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <regex>
#include <set>

namespace bunshin::testing {
namespace {

const std::regex kComment("# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)");
const std::regex kSample(
    R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\"n])*")(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\"n])*")*\})? ([-+0-9.eE]+|NaN|[+-]Inf))re");

/// The metric whose lines come just now.
struct Metric {
  std::string name, type;
  double last_bucket = 0;
  std::string last_bound;
  bool help = false;
};

class Check {
 public:
  std::vector<std::string> run(std::string_view text) {
    if (!text.empty() && text.back() != '\n') wrong("the last line has no end");
    while (!text.empty()) {
      line_ = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line_.size() + 1, text.size()));
      take_line();
    }
    return std::move(mistakes_);
  }

 private:
  void wrong(std::string_view what) { mistakes_.push_back(fmt::format("{}: {}", line_, what)); }

  void take_line() {
    std::smatch part;
    if (std::regex_match(line_, part, kComment)) return take_comment(part[1], part[2], part[3]);
    if (!std::regex_match(line_, part, kSample)) return wrong("neither comment nor sample");
    if (!samples_.insert(part[1].str() + part[2].str()).second) wrong("twice");
    take_sample(part[1], part[2], std::strtod(part[7].str().c_str(), nullptr));
  }

  void take_comment(const std::string& what, const std::string& name, const std::string& text) {
    if (what == "HELP") {
      if (!metrics_.insert(name).second) wrong("the metric has been there before");
      metric_ = {name, "", 0, "", true};
      return;
    }
    if (name != metric_.name) wrong("a TYPE without its HELP");
    metric_.type = text;
    if (text == "counter" && !name.ends_with("_total")) wrong("a counter's name ends with _total");
    if (text != "counter" && text != "gauge" && text != "histogram") wrong("no such type");
  }

  void take_sample(const std::string& name, const std::string& labels, double value) {
    if (!name.starts_with(metric_.name)) return wrong("not of the metric it stands under");
    const std::string suffix = name.substr(metric_.name.size());
    if (metric_.type != "histogram") {
      if (!suffix.empty()) wrong("of no metric");
      if (metric_.type == "counter" && value < 0) wrong("a counter below 0");
    } else if (suffix == "_bucket") {
      if (value < metric_.last_bucket) wrong("buckets are cumulative");
      metric_.last_bucket = value;
      metric_.last_bound = labels;
    } else if (suffix == "_count") {
      if (metric_.last_bound != "{le=\"+Inf\"}") wrong("the last bucket is +Inf");
      if (value != metric_.last_bucket) wrong("the last bucket holds all");
    } else if (suffix != "_sum") {
      wrong("a histogram has no such sample");
    }
  }

  std::string line_;
  Metric metric_;
  std::set<std::string> metrics_, samples_;
  std::vector<std::string> mistakes_;
};

}  // namespace

std::vector<std::string> exposition_mistakes(std::string_view text) { return Check().run(text); }

}  // namespace bunshin::testing
