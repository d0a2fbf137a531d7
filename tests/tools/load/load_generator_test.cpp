#include "tools/load/load_generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <chrono>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "handlers/echo.h"

namespace bunshin {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

/// One client of a server that answers as the test says.
class Answerer : public BufferedDispatcher {
 public:
  using Answer = std::function<void(Answerer&, std::string_view)>;
  Answerer(Reactor& reactor, StreamSocket socket, Answer answer)
      : BufferedDispatcher(reactor, std::move(socket)), answer_(std::move(answer)) {}
  void handle_read() override {
    const std::string data(recv(64 * 1024));
    if (data.empty()) return;
    bytes += data.size();
    answer_(*this, data);
  }
  std::size_t bytes = 0;  // received so far

 private:
  Answer answer_;
};

class AnsweringServer : public Dispatcher {
 public:
  AnsweringServer(Reactor& reactor, Answerer::Answer answer)
      : Dispatcher(reactor), answer_(std::move(answer)) {
    listen_on(Endpoint::parse("127.0.0.1:0"));
  }
  void handle_accepted(StreamSocket socket, const SocketAddress&) override {
    reactor().emplace<Answerer>(std::move(socket), answer_);
  }

 private:
  Answerer::Answer answer_;
};

void echo(Answerer& peer, std::string_view data) { peer.send(data); }

/// The server under load, in a thread of its own.
class ServerThread {
 public:
  explicit ServerThread(Answerer::Answer answer = echo) {
    std::promise<SocketAddress> listening;
    auto address_known = listening.get_future();
    thread_ = std::thread([this, &listening, answer = std::move(answer)] {
      const auto& server = reactor_.emplace<AnsweringServer>(answer);
      listening.set_value(server.local_address());
      reactor_.run();
    });
    address = address_known.get();
  }
  ~ServerThread() {
    reactor_.stop();
    thread_.join();
  }
  SocketAddress address;

 private:
  Reactor reactor_;
  std::thread thread_;
};

LoadOptions brief() {
  LoadOptions options;
  options.seconds = 0.2;
  options.warmup = 0.05;
  return options;
}

LoadResult load(const SocketAddress& address, const LoadOptions& options) {
  Reactor reactor;
  LoadGenerator generator(reactor, address, options);
  return generator.run();
}

std::string failure(Answerer::Answer answer, LoadOptions options = brief()) {
  const ServerThread server(std::move(answer));
  try {
    load(server.address, options);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "none";
}

TEST(LoadGenerator, CountsAndTimesEveryMessage) {
  const ServerThread server;
  LoadOptions options = brief();
  options.connections = 10;
  const LoadResult result = load(server.address, options);
  EXPECT_GT(result.messages, 0U);
  EXPECT_EQ(result.latency.count(), result.messages);
  EXPECT_GT(result.total_messages, result.messages);
  EXPECT_GT(result.latency.min(), 0U);
  EXPECT_GE(result.seconds, 0.2);
}

TEST(LoadGenerator, KeepsSeveralMessagesInFlight) {
  const ServerThread server;
  LoadOptions options = brief();
  options.connections = 3;
  options.depth = 32;
  options.size = 100;
  EXPECT_GT(load(server.address, options).messages, 0U);
}

TEST(LoadGenerator, SendsMessagesLargerThanAnySocketBuffer) {
  const ServerThread server;
  LoadOptions options = brief();
  options.size = 8 * 1024 * 1024;
  options.seconds = 0.5;
  EXPECT_GT(load(server.address, options).messages, 0U);
}

TEST(LoadGenerator, ChurnMakesAConnectionForEachMessage) {
  std::atomic<int> first_bytes = 0;
  const ServerThread server([&first_bytes](Answerer& peer, std::string_view data) {
    if (peer.bytes == data.size()) ++first_bytes;
    peer.send(data);
  });
  LoadOptions options = brief();
  options.connections = 5;
  options.churn = true;
  const LoadResult result = load(server.address, options);
  EXPECT_GT(result.messages, 0U);
  EXPECT_GE(static_cast<std::uint64_t>(first_bytes), result.total_messages);
}

TEST(LoadGenerator, IdleConnectionsStandBesides) {
  std::atomic<int> quiet = 0;
  const ServerThread server([&quiet](Answerer& peer, std::string_view data) {
    if (peer.bytes == 64) ++quiet;  // so far only what it began with
    if (peer.bytes == 128) --quiet;
    peer.send(data);
  });
  LoadOptions options = brief();
  options.connections = 2;
  options.idle = 200;
  options.spread = 3;
  EXPECT_GT(load(server.address, options).messages, 0U);
  EXPECT_EQ(quiet, 200);
}

TEST(LoadGenerator, KeepsToItsPlan) {
  const ServerThread server;
  LoadOptions options = brief();
  options.connections = 4;
  options.rate = 1000;
  const LoadResult result = load(server.address, options);
  EXPECT_GE(static_cast<double>(result.planned), 1000 * result.seconds - 2);
  EXPECT_GE(result.messages + result.unanswered, result.planned);
  EXPECT_EQ(result.latency.count(), result.messages + result.unanswered);
}

/// The point of a plan: a server that stands still for a while owes more than one slow answer.
TEST(LoadGenerator, AStandstillCountsForEveryMessageThatWasDue) {
  constexpr auto kStandstill = 300ms;
  std::atomic<bool> stood = false;
  const ServerThread server([&](Answerer& peer, std::string_view data) {
    if (peer.bytes > 64 * 64 && !stood.exchange(true)) std::this_thread::sleep_for(kStandstill);
    peer.send(data);
  });
  LoadOptions options = brief();
  options.rate = 1000;
  options.warmup = 0;
  options.seconds = 0.8;
  const LoadResult result = load(server.address, options);
  // 300 of some 800 were due meanwhile, one was in flight.
  EXPECT_GT(result.latency.at(90), 100'000'000U);
  EXPECT_LT(result.uncorrected.at(90), 100'000'000U);
  EXPECT_GE(result.uncorrected.max(), 290'000'000U);
}

TEST(LoadGenerator, MessagesWithoutAnAnswerCountToo) {
  const ServerThread server([](Answerer& peer, std::string_view data) {
    if (peer.bytes <= 64 * 20) peer.send(data);
  });
  LoadOptions options = brief();
  options.rate = 1000;
  options.warmup = 0;
  const LoadResult result = load(server.address, options);
  EXPECT_GT(result.unanswered, 100U);
  EXPECT_GT(result.latency.at(50), 50'000'000U);
}

TEST(LoadGenerator, TextIsLettersAndDigits) {
  std::atomic<bool> plain = true;
  const ServerThread server([&plain](Answerer& peer, std::string_view data) {
    for (const char byte : data) {
      if (std::isalnum(static_cast<unsigned char>(byte)) == 0) plain = false;
    }
    peer.send(data);
  });
  LoadOptions options = brief();
  options.text = true;
  options.connections = 3;
  EXPECT_GT(load(server.address, options).messages, 0U);
  EXPECT_TRUE(plain);
}

TEST(LoadGenerator, NoticesAWrongByte) {
  const auto garble = [](Answerer& peer, std::string_view data) {
    std::string copy(data);
    if (peer.bytes > 1000) copy.back() ^= 1;
    peer.send(copy);
  };
  EXPECT_THAT(failure(garble), HasSubstr("what came back is not what was sent"));
}

TEST(LoadGenerator, NoticesBytesThatComeTwice) {
  const auto twice = [](Answerer& peer, std::string_view data) {
    peer.send(data);
    if (peer.bytes > 1000) peer.send(data);
  };
  EXPECT_THAT(failure(twice), HasSubstr("what came back is not what was sent"));
}

TEST(LoadGenerator, NoticesAnswersThatGoToAnother) {
  Answerer* first = nullptr;
  const auto crossed = [&first](Answerer& peer, std::string_view data) {
    if (first == nullptr) first = &peer;
    const bool astray = peer.bytes > 64 && &peer != first;
    (astray ? *first : peer).send(data);
  };
  LoadOptions options = brief();
  options.connections = 2;
  options.depth = 8;
  EXPECT_THAT(failure(crossed, options), HasSubstr("what came back is not what was sent"));
}

TEST(LoadGenerator, NoticesThatTheServerCloses) {
  const auto leave = [](Answerer& peer, std::string_view data) {
    if (peer.bytes > 1000) return peer.close();
    peer.send(data);
  };
  EXPECT_THAT(failure(leave), HasSubstr("ended after"));
}

TEST(LoadGenerator, NobodyListens) {
  const UniqueFd bound = make_stream_socket(AF_INET);
  const auto any_port = *Endpoint::parse("127.0.0.1:0").numeric();
  ASSERT_EQ(::bind(bound.get(), any_port.data(), any_port.size()), 0);
  EXPECT_THROW(load(SocketAddress::local_of(bound.get()), brief()), std::system_error);
}

TEST(LoadGenerator, MoreConnectionsThanDescriptorsIsAnError) {
  LoadOptions options = brief();
  options.idle = 2'000'000'000;
  const ServerThread server;
  EXPECT_THROW(load(server.address, options), std::runtime_error);
}

TEST(LoadGenerator, WatchesTheServersProcess) {
#ifdef __linux__
  const ServerThread server;
  LoadOptions options = brief();
  options.server = ::getpid();
  const LoadResult result = load(server.address, options);
  ASSERT_TRUE(result.server);
  EXPECT_GT(result.server->cpu_seconds, 0);
  EXPECT_GT(result.server_memory, 0U);
#endif
}

TEST(LoadOptions, RefusesWhatMakesNoSense) {
  const auto sentence = [](auto change) {
    LoadOptions options;
    change(options);
    try {
      options.check();
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(sentence([](LoadOptions&) {}), "accepted");
  EXPECT_THAT(sentence([](LoadOptions& o) { o.connections = 0; }), HasSubstr("--conns"));
  EXPECT_THAT(sentence([](LoadOptions& o) { o.size = 0; }), HasSubstr("--size"));
  EXPECT_THAT(sentence([](LoadOptions& o) { o.depth = 0; }), HasSubstr("--depth"));
  EXPECT_THAT(sentence([](LoadOptions& o) { o.seconds = -1; }), HasSubstr("--seconds"));
  EXPECT_THAT(sentence([](LoadOptions& o) { o.rate = -1; }), HasSubstr("--rate"));
  EXPECT_THAT(sentence([](LoadOptions& o) { o.spread = 255; }), HasSubstr("--spread"));
  EXPECT_THAT(sentence([](LoadOptions& o) { o.churn = true, o.rate = 1; }), HasSubstr("--churn"));
}

LoadResult finished() {
  LoadResult result;
  result.engine = "epoll";
  result.address = "127.0.0.1:1";
  result.seconds = 2;
  result.messages = 1000;
  for (int index = 0; index < 1000; ++index) result.latency.record(20'000);
  result.generator.cpu_seconds = 1;
  result.server.emplace();
  result.server->cpu_seconds = 0.01;
  return result;
}

TEST(LoadResult, OneIsNotCountedAsMany) {
  LoadResult result = finished();
  result.options.size = 1;
  EXPECT_THAT(result.to_text(), HasSubstr("1 connection x 1 byte, "));
  result.options.connections = 2;
  result.options.text = true;
  result.options.size = 64;
  EXPECT_THAT(result.to_text(), HasSubstr("2 connections x 64 bytes of text, "));
}

TEST(LoadResult, AnInterruptedRunSaysSo) {
  LoadResult result = finished();
  EXPECT_THAT(result.to_text(), Not(HasSubstr("interrupted")));
  EXPECT_THAT(result.to_json(), HasSubstr("\"interrupted\":false"));
  result.interrupted = true;
  EXPECT_THAT(result.to_text(), HasSubstr("interrupted  2.0 of 5.0 s were measured\n"));
  EXPECT_THAT(result.to_json(), HasSubstr("\"interrupted\":true"));
}

TEST(LoadResult, AnAddressCanNotBreakTheJson) {
  LoadResult result = finished();
  result.address = "unix:/a\"\\\n\xff";
  EXPECT_THAT(result.to_json(), HasSubstr("{\"address\":\"unix:/a\\\"\\\\^J?\","));
}

TEST(LoadResult, ThroughputIsShownWhenTheServerWasMeasured) {
  const LoadResult result = finished();
  EXPECT_FALSE(result.limited_by_generator());
  EXPECT_THAT(result.to_text(), HasSubstr("500 messages/s"));
  EXPECT_THAT(result.to_text(), HasSubstr("10.0 us a message"));
  EXPECT_THAT(result.to_json(), HasSubstr("\"limited_by_generator\":null"));
}

TEST(LoadResult, ThroughputIsNotShownWhenTheGeneratorWasTheLimit) {
  LoadResult result = finished();
  result.generator.cpu_seconds = 1.95;
  ASSERT_TRUE(result.limited_by_generator());
  EXPECT_THAT(result.to_text(), Not(HasSubstr("500 messages/s")));
  EXPECT_THAT(result.to_text(), HasSubstr("98 % of its core"));
  EXPECT_THAT(result.to_json(), Not(HasSubstr("\"limited_by_generator\":null")));
}

TEST(LoadResult, AGeneratorThatIsLateByItselfWasTheLimit) {
  LoadResult result = finished();
  result.options.rate = 500;
  for (int index = 0; index < 1000; ++index) result.lateness.record(index < 980 ? 0 : 5'000'000);
  EXPECT_THAT(result.limited_by_generator().value_or(""), HasSubstr("5.00 ms late"));
}

TEST(LoadResult, ABusyGeneratorIsJudgedByItsRounds) {
  LoadResult result = finished();
  result.options.busy = true;
  result.generator.cpu_seconds = 2;
  result.rounds = 1000;
  result.idle_rounds = 500;
  EXPECT_FALSE(result.limited_by_generator());
  result.idle_rounds = 10;
  EXPECT_TRUE(result.limited_by_generator());
}

}  // namespace
}  // namespace bunshin
