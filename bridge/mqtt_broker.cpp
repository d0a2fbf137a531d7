#include "bridge/mqtt_broker.h"

#include <fmt/format.h>
#include <mosquitto.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include "bridge/small_file.h"
#include "reactor/error.h"
#include "reactor/host.h"
#include "reactor/log.h"
#include "reactor/printable.h"
#include "reactor/reactor.h"
#include "reactor/resolver.h"

namespace bunshin {
namespace {

constexpr int kQuality = 1;  // at least once
constexpr int kKeepAlive = 30;
constexpr Duration kAliveCheck = std::chrono::seconds(5);
constexpr std::chrono::seconds kConnectTime(15);
constexpr Duration kFarewell = std::chrono::seconds(2);
constexpr std::uint64_t kMostUnacknowledged = 1000;
constexpr std::size_t kMostPassword = 4096;

/// Once in a process; the library counts no users.
void use_library() {
  static const bool ready = [] {
    mosquitto_lib_init();
    return true;
  }();
  (void)ready;
}

const char* path_or_null(const std::string& path) { return path.empty() ? nullptr : path.c_str(); }

/// OpenSSL would ask at the terminal for the passphrase of a key.
int no_passphrase(char*, int, int, void*) { return 0; }

std::string read_password(const std::string& path) {
  if (path.empty()) return {};
  const SmallFile file = read_small_file(path, kMostPassword);
  if (!file.error.empty()) throw std::runtime_error("mqtt.password_file: " + file.error);
  return file.text.substr(0, file.text.find_first_of("\r\n"));
}

}  // namespace

/// What the library calls back, in our thread, from within the calls we make. It is C: nothing may
/// throw through it.
struct MqttBroker::Library {
  static void connected(mosquitto*, void* self, int code) { of(self).answered(code); }
  static void published(mosquitto*, void* self, int) { of(self).acknowledged(); }
  static void logged(mosquitto*, void* self, int level, const char* text) {
    if (level == MOSQ_LOG_ERR) of(self).library_error_ = text;
  }
  static void message(mosquitto*, void* self, const mosquitto_message* message) {
    MqttBroker& broker = of(self);
    const std::string_view payload(static_cast<const char*>(message->payload),
                                   static_cast<std::size_t>(message->payloadlen));
    if (broker.listener_ == nullptr) return;
    broker.reactor().call_for(
        broker, [&] { broker.listener_->broker_says(message->topic, payload, message->retain); });
  }
  static MqttBroker& of(void* self) { return *static_cast<MqttBroker*>(self); }
};

void MqttBroker::Deleter::operator()(mosquitto* library) const { mosquitto_destroy(library); }

MqttBroker::MqttBroker(Reactor& reactor, const MqttConfig& config, Will will,
                       MqttListener& listener, Backoff::Limits retry)
    : EventHandler(reactor),
      config_(config),
      will_(std::move(will)),
      listener_(&listener),
      retry_(*this, retry, &MqttBroker::connect) {
  use_library();
  constexpr bool kCleanSession = true;  // commands sent while we are away are too old
  library_.reset(mosquitto_new(nullptr, kCleanSession, this));
  if (!library_) throw std::bad_alloc();
  mosquitto_connect_callback_set(library_.get(), &Library::connected);
  mosquitto_publish_callback_set(library_.get(), &Library::published);
  mosquitto_message_callback_set(library_.get(), &Library::message);
  mosquitto_log_callback_set(library_.get(), &Library::logged);
  mosquitto_will_set(library_.get(), will_.topic.c_str(), static_cast<int>(will_.payload.size()),
                     will_.payload.data(), kQuality, true);
  const std::string password = read_password(config_.password_file);
  if (!config_.username.empty()) {
    mosquitto_username_pw_set(library_.get(), config_.username.c_str(), path_or_null(password));
  }
  if (config_.tls) set_up_tls(config_);
  retry_.try_at_once();
}

MqttBroker::~MqttBroker() {
  *alive_ = false;
  stop_watching();
  if (listener_ != nullptr) listener_->broker_gone();
}

void MqttBroker::set_up_tls(const MqttConfig& config) {
  for (const auto& [key, path] :
       {std::pair("ca_file", config.ca_file), std::pair("cert_file", config.cert_file),
        std::pair("key_file", config.key_file)}) {
    constexpr std::size_t kMost = std::size_t{1} << 20;
    if (path.empty()) continue;
    const SmallFile file = read_small_file(path, kMost);
    if (!file.error.empty()) throw std::runtime_error(fmt::format("mqtt.{}: {}", key, file.error));
  }
  int result = MOSQ_ERR_SUCCESS;
  if (config.ca_file.empty()) {
    result = mosquitto_int_option(library_.get(), MOSQ_OPT_TLS_USE_OS_CERTS, 1);
  }
  if (result == MOSQ_ERR_SUCCESS && (!config.ca_file.empty() || !config.cert_file.empty())) {
    const char* const no_folder = nullptr;
    result = mosquitto_tls_set(library_.get(), path_or_null(config.ca_file), no_folder,
                               path_or_null(config.cert_file), path_or_null(config.key_file),
                               &no_passphrase);
  }
  if (result != MOSQ_ERR_SUCCESS) {
    throw std::runtime_error(
        fmt::format("mqtt: TLS can not be set up: {}", mosquitto_strerror(result)));
  }
}

void MqttBroker::connect() {
  if (finishing_) return;
  state_ = State::connecting;
  patience_.arm(kConnectTime);
  const Endpoint endpoint = Endpoint::parse(config_.broker);
  look_up(reactor(), endpoint, [this, alive = alive_](const LookUp& found) {
    if (!*alive || closed() || state_ != State::connecting) return;
    reactor().call_for(*this, [&] {
      if (found.error) {
        try {
          std::rethrow_exception(found.error);
        } catch (const std::exception& error) {
          return lose(error.what());
        }
      }
      resolved(found.addresses.front().to_string());
    });
  });
}

/// `address`: "127.0.0.1:1883", "[::1]:1883". The certificate is for the name, though.
void MqttBroker::resolved(const std::string& address) {
  std::string host = config_.tls ? config_.broker : address;
  host.resize(host.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  connect_to(host);
}

void MqttBroker::connect_to(const std::string& host) {
  library_error_.clear();
  const int result =
      mosquitto_connect_async(library_.get(), host.c_str(), config_.port, kKeepAlive);
  if (mosquitto_socket(library_.get()) >= 0) watch();
  after(result);
}

/// The library closes its descriptor from within its calls, and the number may be given out again
/// before we hear of it: a duplicate stays until we are done with it.
void MqttBroker::watch() {
  watched_ = reactor().host().duplicate(mosquitto_socket(library_.get()));
  watching_ = std::make_shared<bool>(true);
  // Goes with the function, and so with the watch, which a reactor that ends may destroy before us.
  const std::shared_ptr<void> there(nullptr, [watching = watching_](void*) { *watching = false; });
  watch_ = &reactor().watch_foreign(watched_.get(), ready::readable,
                                    [this, there](std::uint8_t bits) { ready(bits); });
}

void MqttBroker::stop_watching() {
  if (watch_ != nullptr && *watching_) watch_->close();
  watch_ = nullptr;
  watched_.reset();
}

void MqttBroker::ready(std::uint8_t bits) {
  constexpr int kPackets = 1;  // the library's only value
  const int result = (bits & ready::readable) != 0 ? mosquitto_loop_read(library_.get(), kPackets)
                                                   : mosquitto_loop_write(library_.get(), kPackets);
  after(result);
}

/// After each call of the library: what it wants next, or what has gone wrong.
void MqttBroker::after(int result) {
  // The end of a connection that we have ended ourselves is no error to the library.
  const bool ended = watch_ != nullptr && mosquitto_socket(library_.get()) < 0;
  if (ended && result == MOSQ_ERR_SUCCESS) result = MOSQ_ERR_CONN_LOST;
  if (result != MOSQ_ERR_SUCCESS && result != MOSQ_ERR_CONN_PENDING) {
    if (state_ == State::leaving) return leave();
    std::string reason = result == MOSQ_ERR_ERRNO ? error_text(errno) : mosquitto_strerror(result);
    if (!library_error_.empty()) reason = library_error_;
    if (reason.find("certificate verify failed") != reason.npos) {
      reason +=
          " (the broker's certificate has expired, is for another name, or is signed by nobody "
          "known: see ca_file)";
    }
    return lose(reason);
  }
  if (watch_ == nullptr) return;
  const bool writes = mosquitto_want_write(library_.get());
  watch_->set_interest(writes ? ready::readable | ready::writable : ready::readable);
}

void MqttBroker::keep_alive() {
  alive_timer_.arm(kAliveCheck);
  after(mosquitto_loop_misc(library_.get()));
}

/// The broker's answer to our connecting. After a refusal it ends the connection.
void MqttBroker::answered(int code) {
  if (code != 0) {
    library_error_ = fmt::format("it refuses us: {}", mosquitto_connack_string(code));
    return;
  }
  state_ = State::connected;
  was_connected_ = true;
  unacknowledged_ = 0;
  patience_.cancel();
  alive_timer_.arm(kAliveCheck);
  retry_.succeeded();
  reason_.clear();
  told_reason_.clear();
  log(LogLevel::info, "connected to the MQTT broker {}", config_.broker);
  if (lost_ > told_lost_) {
    log(LogLevel::warning, "{} messages could not be published meanwhile", lost_ - told_lost_);
    told_lost_ = lost_;
  }
  if (listener_ != nullptr) {
    reactor().call_for(*this, [this] { listener_->broker_connected(); });
  }
}

void MqttBroker::acknowledged() {
  if (unacknowledged_ > 0) --unacknowledged_;
  if (state_ == State::leaving && unacknowledged_ == 0) mosquitto_disconnect(library_.get());
}

bool MqttBroker::publish(const std::string& topic, std::string_view payload, bool retained) {
  const bool can = is_connected() && unacknowledged_ < kMostUnacknowledged;
  if (!can ||
      mosquitto_publish(library_.get(), nullptr, topic.c_str(), static_cast<int>(payload.size()),
                        payload.data(), kQuality, retained) != MOSQ_ERR_SUCCESS) {
    ++lost_;
    return false;
  }
  ++published_;
  ++unacknowledged_;
  after(MOSQ_ERR_SUCCESS);
  return true;
}

bool MqttBroker::subscribe(const std::string& topic) {
  const int result = mosquitto_subscribe(library_.get(), nullptr, topic.c_str(), kQuality);
  after(MOSQ_ERR_SUCCESS);
  return result == MOSQ_ERR_SUCCESS;
}

void MqttBroker::too_late() {
  if (state_ == State::leaving) return leave();
  lose(fmt::format("no answer in {} s", kConnectTime.count()));
}

/// Told when it was there, or when the reason is another one than before.
void MqttBroker::lose(const std::string& reason) {
  if (state_ == State::leaving) return leave();
  const bool was = std::exchange(state_, State::away) == State::connected;
  reason_ = printable(reason, 300);
  stop_watching();
  patience_.cancel();
  alive_timer_.cancel();
  if (was || reason_ != told_reason_) {
    log(LogLevel::warning, "{} the MQTT broker {}: {}; trying again", was ? "lost" : "cannot reach",
        config_.broker, reason_);
  }
  told_reason_ = reason_;
  if (was && listener_ != nullptr) {
    reactor().call_for(*this, [this] { listener_->broker_lost(); });
  }
  if (finishing_) return close();
  retry_.schedule();
}

void MqttBroker::handle_finish() {
  finishing_ = true;
  if (!is_connected()) return leave();
  publish(will_.topic, will_.payload, true);
  state_ = State::leaving;
  patience_.arm(kFarewell);
}

void MqttBroker::leave() {
  stop_watching();
  close();
}

}  // namespace bunshin
