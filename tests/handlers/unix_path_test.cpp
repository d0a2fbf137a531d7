#include "handlers/unix_path.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "reactor/host.h"
#include "tests/handlers/noted.h"

namespace bunshin::testing {
namespace {

using ::testing::HasSubstr;

class UnixPathTest : public EngineCase {
 protected:
  const std::string path = fresh_path("socket");
  const Endpoint endpoint = Endpoint::parse("unix:" + path);
  [[nodiscard]] bool exists() const { return ::access(path.c_str(), F_OK) == 0; }
  /// A socket that is bound to the path by somebody else and does not listen.
  [[nodiscard]] UniqueFd bind_elsewhere() const {
    UniqueFd socket = make_stream_socket(AF_UNIX);
    const SocketAddress address = *endpoint.numeric();
    EXPECT_EQ(::bind(socket.get(), address.data(), address.size()), 0);
    return socket;
  }
};
BUNSHIN_EVERY_ENGINE(UnixPathTest);

TEST_P(UnixPathTest, IsRemovedWithTheServer) {
  auto& server = reactor.emplace<TestServer>();
  server.listen_on(endpoint);
  EXPECT_TRUE(exists());
  server.close();
  settle();
  EXPECT_FALSE(exists());
}

TEST_P(UnixPathTest, LeftBehindIsTakenOver) {
  ASSERT_EQ(::listen(bind_elsewhere().get(), 1), 0);
  ASSERT_TRUE(exists());
  auto& server = reactor.emplace<TestServer>();
  server.listen_on(endpoint);
  bool accepted = false;
  server.on_accepted = [&](StreamSocket, const SocketAddress&) { accepted = true; };
  const Peer peer(server.local_address());
  run_until([&] { return accepted; });
}

TEST_P(UnixPathTest, OfAServerThatDoesNotListenYetStays) {
  const UniqueFd starting = bind_elsewhere();
  auto& second = reactor.emplace<TestServer>();
  EXPECT_THAT(sentence_of([&] { second.listen_on(endpoint); }, EADDRINUSE),
              HasSubstr("cannot listen on " + endpoint.to_string()));
  ASSERT_EQ(::listen(starting.get(), 1), 0);
  const Peer peer(*endpoint.numeric());
}

TEST_P(UnixPathTest, OnlyOneOfSeveralTakesOverWhatWasLeftBehind) {
  for (int time = 0; time < 50; ++time) {
    bind_elsewhere().reset();
    std::latch start(3);
    std::mutex mutex;
    std::vector<std::unique_ptr<UnixPath>> taken;
    std::vector<UniqueFd> sockets(3);
    std::vector<std::thread> threads;
    for (UniqueFd& socket : sockets) {
      socket = make_stream_socket(AF_UNIX);
      threads.emplace_back([&] {
        start.arrive_and_wait();
        try {
          auto one = std::make_unique<UnixPath>(kernel(), socket.get(), *endpoint.numeric());
          ::listen(socket.get(), 1);
          const std::lock_guard lock(mutex);
          taken.push_back(std::move(one));
        } catch (const std::system_error& error) {
          EXPECT_EQ(error.code().value(), EADDRINUSE);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(taken.size(), 1U);
    const Peer peer(*endpoint.numeric());
  }
}

TEST_P(UnixPathTest, IsForItsUserAlone) {
  const mode_t before = ::umask(0);
  reactor.emplace<TestServer>().listen_on(endpoint);
  EXPECT_EQ(::umask(before), 0U) << "the umask was put back";
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_all);
}

#ifdef __linux__
TEST_P(UnixPathTest, AnAbstractNameIsNoFile) {
  const std::string name = "@bunshin-" + std::to_string(::getpid());
  const Endpoint abstract = Endpoint::parse("unix:" + name);
  auto& server = reactor.emplace<TestServer>();
  server.listen_on(abstract);
  EXPECT_NE(::access(name.c_str(), F_OK), 0);
  EXPECT_EQ(server.local_address().to_string(), abstract.to_string());
  const Peer peer(*abstract.numeric());
  auto& second = reactor.emplace<TestServer>();
  EXPECT_THAT(sentence_of([&] { second.listen_on(abstract); }, EADDRINUSE),
              HasSubstr("cannot listen on " + abstract.to_string()));
  server.close();
  settle();
  second.listen_on(abstract);
}
#endif

TEST_P(UnixPathTest, AFileThatIsNoSocketStays) {
  const std::string file = make_file("precious");
  auto& server = reactor.emplace<TestServer>();
  EXPECT_THAT(sentence_of([&] { server.listen_on(Endpoint::parse("unix:" + file)); }, EADDRINUSE),
              HasSubstr("cannot listen on unix:" + file));
  server.close();
  settle();
  EXPECT_EQ(::access(file.c_str(), F_OK), 0);
}

TEST_P(UnixPathTest, OfAnotherServerStays) {
  auto& first = reactor.emplace<TestServer>();
  first.listen_on(endpoint);
  ::unlink(path.c_str());
  auto& second = reactor.emplace<TestServer>();
  second.listen_on(endpoint);
  first.close();
  settle();
  EXPECT_TRUE(exists()) << "the first removed what belongs to the second";
  const Peer peer(second.local_address());
}

TEST_P(UnixPathTest, AFolderThatIsNotThere) {
  auto& server = reactor.emplace<TestServer>();
  const Endpoint nowhere = Endpoint::parse("unix:" + path + "/no/such");
  EXPECT_THAT(sentence_of([&] { server.listen_on(nowhere); }, ENOENT),
              HasSubstr("cannot listen on " + nowhere.to_string()));
}

}  // namespace
}  // namespace bunshin::testing
