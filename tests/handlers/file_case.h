#pragma once

#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "handlers/echo.h"
#include "handlers/file_dispatcher.h"
#include "tests/handlers/noted.h"

namespace bunshin::testing {

/// A socket beside the files. After each case it still answers, and the loop comes to rest.
class FileCase : public ReactorFixture {
 protected:
  using File = Noted<FileDispatcher>;

  explicit FileCase(const std::string& engine) : ReactorFixture(engine) {
    Connection connection = make_connection(Family::ipv4);
    reactor.emplace<EchoHandler>(StreamSocket(std::move(connection.ours)));
    socket_ = std::move(connection.peer);
  }
  void TearDown() override {
    ping();
    bool rests = false;
    for (int tries = 0; tries < 20 && !rests; ++tries) rests = rounds_in(20ms) < kFewRounds;
    EXPECT_TRUE(rests) << "the loop spins";
    EXPECT_THAT(log.lines(), ::testing::IsEmpty());
  }
  void ping() {
    socket_.send("ping");
    EXPECT_EQ(receive(socket_, 4), "ping");
  }
  /// Writes `text` to a non-blocking descriptor, the reactor running meanwhile.
  void pour(int fd, std::string_view text) {
    set_nonblocking(fd);
    run_until([&] {
      const ssize_t count = text.empty() ? 0 : ::write(fd, text.data(), text.size());
      if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
      return text.empty();
    });
  }
  /// Reads `size` bytes, or until the end, the reactor running meanwhile.
  std::string drain(int fd, std::size_t size = std::string::npos) {
    std::string all;
    bool ended = false;
    run_until([&] {
      pollfd entry{fd, POLLIN, 0};
      while (!ended && all.size() < size && ::poll(&entry, 1, 0) == 1) {
        char buffer[4096];
        const ssize_t count = ::read(fd, buffer, std::min(size - all.size(), sizeof buffer));
        ended = count <= 0;
        if (!ended) all.append(buffer, static_cast<std::size_t>(count));
      }
      return ended || all.size() == size;
    });
    return all;
  }
  void wait_for(const std::string& text) {
    run_until([&] { return notes.received.size() >= text.size(); });
    EXPECT_TRUE(notes.received == text);
  }

  Notes notes;

 private:
  Peer socket_;
};

}  // namespace bunshin::testing
