#include "bridge/config.h"
#include "bridge/julius_message.h"

int main() {
  const bunshin::BridgeConfig config = bunshin::builtin_config();
  return config.rules.empty() ? 1 : 0;
}
