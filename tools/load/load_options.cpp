#include "tools/load/load_options.h"

#include <stdexcept>

namespace bunshin {

void LoadOptions::check() const {
  const auto require = [](bool right, const char* sentence) {
    if (!right) throw std::invalid_argument(sentence);
  };
  require(connections > 0, "--conns must be at least 1");
  require(size > 0 && size <= 64 * 1024 * 1024, "--size must be between 1 and 64 MiB");
  require(depth > 0 && depth <= 65536, "--depth must be between 1 and 65536");
  require(seconds > 0 && seconds <= 86400, "--seconds must be above 0 and at most a day");
  require(warmup >= 0 && warmup <= 86400, "--warmup must be between 0 and a day");
  require(rate >= 0 && rate <= 1e8, "--rate must be between 0 and 100 million messages a second");
  require(spread >= 1 && spread <= 254, "--spread must be between 1 and 254 addresses");
  require(!churn || rate == 0, "--churn has no plan: leave out --rate");
  require(!churn || depth == 1, "--churn sends one message a connection: leave out --depth");
  require(!churn || spread == 1,
          "--churn takes its source addresses as they come: leave out --spread");
}

}  // namespace bunshin
