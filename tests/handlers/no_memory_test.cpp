// Memory runs out while a server serves: each allocation fails in turn. The server lives on, and
// who is not concerned gets every byte.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "handlers/chat.h"
#include "handlers/echo.h"
#include "tests/handlers/noted.h"
#include "tests/support/allocations.h"

namespace bunshin::testing {
namespace {

class NoMemoryServersTest : public HandlerCase {
 protected:
  const std::string text = pattern(3 * 1024 * 1024);
};
BUNSHIN_EVERY_SETTING(NoMemoryServersTest);

TEST_P(NoMemoryServersTest, EchoWhereEachAllocationFailsInTurn) {
  const EchoOptions options;
  auto& server = reactor.emplace<EchoServer>(any_endpoint(family()), options);
  const SocketAddress address = server.local_address();
  Peer witness(address);
  bool failed = true;
  for (std::size_t after = 0; failed; ++after) {
    ASSERT_LT(after, 200U);
    Peer victim(address);
    std::size_t sent = 0;
    // It does not read: what is echoed has to be kept.
    for (int time = 0; time < 4; ++time) {
      sent += victim.send_now(std::string_view(text).substr(sent));
      run_rounds(1);
    }
    failed = rounds_without_memory(after, 8);
    witness.send("ping");
    EXPECT_EQ(receive(witness, 4), "ping");
    ASSERT_FALSE(server.closed());
  }
}

TEST_P(NoMemoryServersTest, ChatWhereEachAllocationFailsInTurn) {
  auto& server = reactor.emplace<ChatServer>(any_endpoint(family()));
  const SocketAddress address = server.local_address();
  Peer witness(address);
  run_until([&] { return server.clients() == 1; });
  const std::string line = std::string(8000, 'x') + '\n';
  bool failed = true;
  for (std::size_t after = 0; failed; ++after) {
    ASSERT_LT(after, 400U);
    Peer silent(address);
    run_until([&] { return server.clients() >= 2; });
    Peer talker(address);
    talker.send("hello\n");
    talker.send(line);
    failed = rounds_without_memory(after, 8);
    silent.close();
    talker.close();
    run_until([&] { return server.clients() == 1; });
    // Whole lines only, and the last one is its own.
    witness.send("ping\n");
    std::string got;
    run_until([&] {
      while (witness.readable()) got += witness.receive_some(65536);
      return got.ends_with("ping\n");
    });
    for (std::size_t start = 0, end = 0; start < got.size(); start = end + 1) {
      end = got.find('\n', start);
      const std::string one = got.substr(start, end - start + 1);
      EXPECT_TRUE(one == "hello\n" || one == "ping\n" || one == line) << one.size();
    }
    ASSERT_FALSE(server.closed());
  }
}

TEST_P(NoMemoryServersTest, WhoCannotBeKeptForFailsAndNotWhoSends) {
  auto [receiver, peer] = serve<Noted<BufferedDispatcher>>(notes);
  while (receiver.buffered() == 0) ASSERT_TRUE(receiver.send(text));
  {
    const FailAllocation failure(0);
    EXPECT_FALSE(receiver.send(text));
    EXPECT_TRUE(failure.failed());
  }
  run_until([&] { return notes.destroyed; });
  EXPECT_EQ(notes.close_error, ENOMEM);
  EXPECT_TRUE(notes.errors.empty());
}

}  // namespace
}  // namespace bunshin::testing
