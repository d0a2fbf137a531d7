#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bridge/config.h"
#include "bridge/retry.h"
#include "reactor/event_handler.h"
#include "reactor/foreign_watch.h"
#include "reactor/socket_address.h"
#include "reactor/timer.h"
#include "reactor/unique_fd.h"

struct mosquitto;
struct mosquitto_message;

namespace bunshin {

/// What comes from a broker, and what becomes of the connection to it. It may publish meanwhile,
/// but not close the connection.
class MqttListener {
 public:
  virtual ~MqttListener() = default;
  virtual void broker_connected() {}
  virtual void broker_lost() {}
  /// The connection's object is no more.
  virtual void broker_gone() {}
  /// `retained`: it was sent to whom it may concern, some time ago.
  virtual void broker_says(std::string_view /*topic*/, std::string_view /*payload*/,
                           bool /*retained*/) {}
};

/// A connection to an MQTT broker that is there for ever, or tried again after a back-off. The
/// protocol and TLS are libmosquitto's; the descriptor is watched by the reactor, and no thread is
/// made. Everything has QoS 1. Owned by its reactor, in whose thread all members are called;
/// `listener` outlives it, or forget() was called.
///
/// Names are looked up by the reactor's Host, in another thread. With TLS libmosquitto, which
/// checks the certificate by the name, looks it up once more, on the spot: after an answer that
/// just came.
class MqttBroker : public EventHandler {
 public:
  /// What is published when the connection is lost, by the broker, and when it ends, by us.
  struct Will {
    std::string topic;
    std::string payload;
  };

  /// Throws std::runtime_error for certificates or a password that can not be read.
  MqttBroker(Reactor& reactor, const MqttConfig& config, Will will, MqttListener& listener,
             Backoff::Limits retry = {});
  ~MqttBroker() override;

  /// From now on nothing is told.
  void forget() { listener_ = nullptr; }
  [[nodiscard]] bool is_connected() const { return state_ == State::connected; }
  /// Why it is not connected, as far as known; empty: not yet.
  [[nodiscard]] const std::string& reason() const { return reason_; }

  /// False, and it is lost, while there is no connection or when more than 1,000 wait to be
  /// acknowledged.
  bool publish(const std::string& topic, std::string_view payload, bool retained = false);
  bool subscribe(const std::string& topic);
  /// Messages that were not published.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  [[nodiscard]] std::uint64_t published() const { return published_; }

  /// Publishes the will, waits for what is not acknowledged yet, and leaves.
  void handle_finish() override;

 private:
  enum class State { away, connecting, connected, leaving };
  struct Library;  // its callbacks
  friend struct Library;

  void set_up_tls(const MqttConfig& config);
  void connect();
  void resolved(const std::string& host);
  void connect_to(const std::string& host);
  void watch();
  void stop_watching();
  void ready(std::uint8_t bits);
  void after(int result);
  void keep_alive();
  void answered(int code);
  void acknowledged();
  void lose(const std::string& reason);
  void leave();
  void too_late();

  struct Deleter {
    void operator()(mosquitto* library) const;
  };
  const MqttConfig config_;
  const Will will_;
  MqttListener* listener_;
  std::unique_ptr<mosquitto, Deleter> library_;
  Retry retry_;
  State state_ = State::away;
  Reactor::ForeignWatch* watch_ = nullptr;  // the reactor's
  std::shared_ptr<bool> watching_;          // false: watch_ is no more
  UniqueFd watched_;  // the library closes its own when it likes: this one is watched
  std::string reason_, told_reason_, library_error_;
  bool was_connected_ = false;
  bool finishing_ = false;
  std::uint64_t lost_ = 0, told_lost_ = 0, published_ = 0;
  std::uint64_t unacknowledged_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Timer patience_{*this, &MqttBroker::too_late};
  Timer alive_timer_{*this, &MqttBroker::keep_alive};
};

}  // namespace bunshin
