#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bunshin {

/// A socket address of one of the families we speak: IPv4, IPv6, unix. A value; any thread.
class SocketAddress {
 public:
  SocketAddress() = default;
  /// Copies what accept(2), getsockname(2) or getaddrinfo(3) returned.
  SocketAddress(const sockaddr* address, socklen_t length);

  /// The local name of a socket, or its peer's. Throws std::system_error.
  static SocketAddress local_of(int fd);
  static SocketAddress peer_of(int fd);

  [[nodiscard]] int family() const { return storage_.ss_family; }
  [[nodiscard]] bool is_internet() const { return family() == AF_INET || family() == AF_INET6; }
  /// 0 for a unix address.
  [[nodiscard]] std::uint16_t port() const;
  /// The path of a unix address; empty for one that has none and for internet addresses.
  [[nodiscard]] std::string path() const;
  /// "127.0.0.1:9876", "[::1]:9876", "unix:/path" or, an abstract name, "unix:@name": what
  /// Endpoint::parse reads.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] const sockaddr* data() const {
    return reinterpret_cast<const sockaddr*>(&storage_);
  }
  [[nodiscard]] socklen_t size() const { return length_; }
  bool operator==(const SocketAddress& other) const { return to_string() == other.to_string(); }

 private:
  [[nodiscard]] std::string abstract_name() const;  // with its "@"

  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

/// What a user writes: a numeric address, a host name with a port, a port of 127.0.0.1,
/// "unix:/path", or on Linux "unix:@name": no file, but a name that every user of the machine may
/// connect to. A value.
class Endpoint {
 public:
  /// Throws std::system_error (EINVAL) that shows the accepted forms.
  static Endpoint parse(std::string_view text);

  /// The address when no name has to be looked up; a host name gives nothing.
  [[nodiscard]] std::optional<SocketAddress> numeric() const;
  /// All addresses, looking the name up with getaddrinfo(3): this BLOCKS, for set-up only.
  /// Throws std::system_error.
  [[nodiscard]] std::vector<SocketAddress> look_up() const;

  /// As it was written; a port alone with its host.
  [[nodiscard]] const std::string& to_string() const { return text_; }

 private:
  std::string text_;
  std::string host_;  // or the path of a unix address
  std::string port_;
  bool unix_ = false;
};

}  // namespace bunshin
