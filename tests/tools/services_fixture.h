#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/files.h"
#include "tests/tools/bunshin_program.h"

namespace bunshin::testing {

/// A bridge that runs as a program, with an engine and a line that the test plays.
class ServicesTest : public ::testing::Test {
 protected:
  void write(std::string_view sections) const {
    std::ofstream(config_) << "[julius]\naddress = \"" << engine_.address.to_string()
                           << "\"\n[serial]\ndevice = \"" << pty_.slave_path << "\"\n"
                           << sections;
  }
  Program run(std::string_view sections, std::vector<std::string> more = {}) const {
    write(sections);
    return Program(command(std::move(more)));
  }
  /// Its command line.
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"bridge", "--config", config_};
    for (std::string& argument : more) arguments.push_back(std::move(argument));
    return bunshin(std::move(arguments));
  }
  /// What a line is asked when it has been opened, and a robot's answer.
  void answer_first_question() const {
    EXPECT_EQ(read_exactly(pty_.master.get(), 4), "\n\n#C");
    write_all(pty_.master.get(), "#C0");
  }
  /// Where a service listens, from what the bridge says.
  static SocketAddress address_of(Program& bridge, const std::string& key) {
    const std::string label = key + ": listening on ";
    EXPECT_TRUE(bridge.wait_for_errors(label));
    const std::string& errors = bridge.errors();
    const std::size_t begin = errors.rfind(label) + label.size();
    EXPECT_TRUE(bridge.wait_for_errors("\n"));
    return *Endpoint::parse(errors.substr(begin, errors.find('\n', begin) - begin)).numeric();
  }

  Listener engine_{Family::ipv4};
  Pty pty_ = make_pty();
  std::string config_ = make_file("");
};

}  // namespace bunshin::testing
