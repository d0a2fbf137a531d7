#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tests/bridge/fixtures.h"
#include "tests/support/program.h"

namespace bunshin::testing {

/// A certificate for localhost and its key, its own authority, made by openssl.
struct Certificate {
  /// `from` and `to`: "20200101000000Z".
  Certificate(const std::string& from, const std::string& to);
  TempFolder folder;
  std::string certificate = folder.path("certificate.pem");
  std::string key = folder.path("key.pem");
};

/// A real broker on a port of its own.
class Mosquitto {
 public:
  /// `settings`: further lines of its configuration; "allow_anonymous true" unless they say so.
  /// `port`: 0 finds one.
  explicit Mosquitto(const std::string& settings = "", int port = 0);

  [[nodiscard]] int port() const { return port_; }
  /// "127.0.0.1:1883"
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  /// Ends it, as kill -9 does.
  void kill() { program_.reset(); }

 private:
  bool start(const std::string& settings);

  TempFolder folder_;
  int port_;
  std::unique_ptr<Program> program_;
};

}  // namespace bunshin::testing
