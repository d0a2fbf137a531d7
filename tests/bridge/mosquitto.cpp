#include "tests/bridge/mosquitto.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/peer.h"

namespace bunshin::testing {
namespace {

constexpr const char* kAuthority = R"([ca]
default_ca = own
[own]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
x509_extensions = extensions
[any]
commonName = supplied
[extensions]
basicConstraints = critical, CA:TRUE
subjectAltName = DNS:localhost, IP:127.0.0.1
[req]
distinguished_name = name
[name]
)";

void run(const TempFolder& folder, const std::vector<std::string>& words) {
  std::vector<std::string> command{"/usr/bin/openssl"};
  for (const std::string& word : words) command.push_back(word);
  Program program(command, folder.path(".").c_str());
  EXPECT_EQ(program.wait(), 0) << program.errors();
}

}  // namespace

Certificate::Certificate(const std::string& from, const std::string& to) {
  folder.write("authority", kAuthority);
  folder.write("index", "");
  folder.write("serial", "01");
  run(folder,
      {"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
       "-keyout", key, "-out", "request.pem", "-subj", "/CN=localhost", "-config", "authority"});
  run(folder, {"ca", "-batch", "-config", "authority", "-selfsign", "-keyfile", key, "-in",
               "request.pem", "-out", certificate, "-startdate", from, "-enddate", to});
}

Mosquitto::Mosquitto(const std::string& settings, int port) : port_(port) {
  // Between asking for a port and its being listened on somebody else may take it.
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (port == 0) port_ = refusing_address(Family::ipv4).port();
    if (start(settings)) return;
  }
  ADD_FAILURE() << "mosquitto does not listen on " << address();
}

bool Mosquitto::start(const std::string& settings) {
  const bool anonymous = settings.find("allow_anonymous") == settings.npos;
  const std::string config = folder_.write(
      "mosquitto.conf", fmt::format("user root\nlistener {} 127.0.0.1\n{}{}\n", port_,
                                    anonymous ? "allow_anonymous true\n" : "", settings));
  program_ =
      std::make_unique<Program>(std::vector<std::string>{"/usr/sbin/mosquitto", "-c", config});
  return program_->wait_for_errors(" running\n");
}

}  // namespace bunshin::testing
