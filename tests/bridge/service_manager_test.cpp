#include "bridge/service_manager.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "bridge/service_notifier.h"
#include "tests/support/fixture.h"

namespace bunshin::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The socket of a service manager.
class Manager {
 public:
  explicit Manager(std::string name = fresh_path("notify")) : name_(std::move(name)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name_.data(), name_.size());
    if (name_.front() == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  }
  /// The oldest datagram; empty when there is none.
  std::string told() {
    char text[1024];
    const ssize_t size = ::recv(socket_.get(), text, sizeof text, MSG_DONTWAIT);
    return size < 0 ? std::string() : std::string(text, static_cast<std::size_t>(size));
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  UniqueFd socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

TEST(ServiceManager, IsToldInOneDatagram) {
  for (const std::string& name : {fresh_path("notify"), "@" + fresh_path("abstract")}) {
    Manager manager(name);
    ServiceManager service({{"NOTIFY_SOCKET", name}}, 3);
    EXPECT_TRUE(service.listens());
    service.notify("READY=1\nSTATUS=well\n");
    EXPECT_EQ(manager.told(), "READY=1\nSTATUS=well\n");
  }
}

TEST(ServiceManager, WithoutOneNothingIsTold) {
  ServiceManager service({}, 3);
  EXPECT_FALSE(service.listens());
  EXPECT_EQ(service.watchdog(), std::nullopt);
  service.notify("READY=1");
  EXPECT_THAT(service.unused(), IsEmpty());
  EXPECT_THROW((void)service.listener("share"), std::runtime_error);
}

TEST(ServiceManager, OneThatDoesNotTakeItIsToldOfOnce) {
  const CapturedLog log;
  for (const std::string& name : {std::string("/nonexistent/notify"), std::string(200, 'x')}) {
    ServiceManager service({{"NOTIFY_SOCKET", name}}, 3);
    for (int count = 0; count < 3; ++count) service.notify("WATCHDOG=1");
  }
  EXPECT_EQ(log.count("cannot tell the service manager"), 2U);
}

TEST(ServiceManager, TheWatchdogMayBeForAnother) {
  const std::string us = std::to_string(::getpid());
  const auto watchdog = [](ServiceManager::Variables variables) {
    return ServiceManager(variables, 3).watchdog();
  };
  EXPECT_EQ(watchdog({{"WATCHDOG_USEC", "3000"}}), std::chrono::microseconds(3000));
  EXPECT_EQ(watchdog({{"WATCHDOG_USEC", "3000"}, {"WATCHDOG_PID", us}}),
            std::chrono::microseconds(3000));
  EXPECT_EQ(watchdog({{"WATCHDOG_USEC", "3000"}, {"WATCHDOG_PID", "1"}}), std::nullopt);
  for (const char* wrong : {"0", "-1", "soon", "", "99999999999999999999"}) {
    EXPECT_EQ(watchdog({{"WATCHDOG_USEC", wrong}}), std::nullopt) << wrong;
  }
}

/// A number that is free, and the one behind it.
int pass(const std::vector<int>& descriptors) {
  const int first = 900;
  for (std::size_t index = 0; index < descriptors.size(); ++index) {
    EXPECT_GE(::dup2(descriptors[index], first + static_cast<int>(index)), 0);
  }
  return first;
}

TEST(ServiceManager, HandsOutTheSocketsThatWerePassed) {
  const Listener share(Family::ipv4);
  const Pty pty = make_pty();
  const int first = pass({share.socket.get(), pty.slave.get()});
  ServiceManager service({{"LISTEN_PID", std::to_string(::getpid())},
                          {"LISTEN_FDS", "2"},
                          {"LISTEN_FDNAMES", "share:status"}},
                         first);
  EXPECT_THAT(service.unused(), ElementsAre("share", "status"));
  for (int count = 0; count < 2; ++count) {
    const UniqueFd socket = service.listener("share");
    EXPECT_EQ(SocketAddress::local_of(socket.get()).to_string(), share.address.to_string());
    EXPECT_TRUE(is_nonblocking(socket.get()));
  }
  EXPECT_THAT(service.unused(), ElementsAre("status"));
  EXPECT_THROW((void)service.listener("status"), std::runtime_error) << "a tty";
  EXPECT_THROW((void)service.listener("wyoming"), std::runtime_error);
  EXPECT_NE(::fcntl(first, F_GETFD) & FD_CLOEXEC, 0);
}

TEST(ServiceManager, WhatWasPassedToAnotherIsNotTouched) {
  const Listener share(Family::ipv4);
  const int first = pass({share.socket.get()});
  for (const auto& variables :
       {ServiceManager::Variables{{"LISTEN_PID", "1"}, {"LISTEN_FDS", "1"}},
        ServiceManager::Variables{{"LISTEN_FDS", "1"}},
        ServiceManager::Variables{{"LISTEN_PID", std::to_string(::getpid())},
                                  {"LISTEN_FDS", "2000000000"}}}) {
    EXPECT_THAT(ServiceManager(variables, first).unused(), IsEmpty());
    EXPECT_TRUE(is_open(first));
  }
  ::close(first);
}

/// The loop keeps a service manager informed.
class ServiceNotifierTest : public EngineCase {
 protected:
  Manager manager;
  std::string status = "well";
  void notify(ServiceManager& service) {
    reactor.emplace<ServiceNotifier>(service, [this] { return status; });
  }
  std::string next() {
    std::string told;
    run_until([&] { return !(told = manager.told()).empty(); });
    return told;
  }
};
BUNSHIN_EVERY_ENGINE(ServiceNotifierTest);

TEST_P(ServiceNotifierTest, TellsThatItIsReadyAndFeedsTheWatchdogWhileTheLoopRuns) {
  ServiceManager service({{"NOTIFY_SOCKET", manager.name()}, {"WATCHDOG_USEC", "40000"}}, 3);
  notify(service);
  EXPECT_EQ(manager.told(), "") << "not before the loop runs";
  EXPECT_EQ(next(), "READY=1\nWATCHDOG=1\nSTATUS=well\n");
  const auto began = Clock::now();
  EXPECT_EQ(next(), "WATCHDOG=1\n");
  EXPECT_GE(Clock::now() - began, 10ms);
  status = "less well";
  EXPECT_EQ(next(), "WATCHDOG=1\nSTATUS=less well\n");
  reactor.run();
  EXPECT_TRUE(reactor.over()) << "it does not keep the loop going";
}

TEST_P(ServiceNotifierTest, WithoutAWatchdogNothingIsToldTwice) {
  ServiceManager service({{"NOTIFY_SOCKET", manager.name()}}, 3);
  notify(service);
  EXPECT_EQ(next(), "READY=1\nSTATUS=well\n");
  rounds_in(50ms);
  EXPECT_EQ(manager.told(), "");
}

TEST_P(ServiceNotifierTest, WithoutAManagerTheLoopSleeps) {
  ServiceManager service({}, 3);
  notify(service);
  EXPECT_LT(rounds_in(), kFewRounds);
}

}  // namespace
}  // namespace bunshin::testing
