#include "reactor/socket_address.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>
#include <system_error>

#include "reactor/error.h"

namespace bunshin {

namespace {

constexpr std::string_view kUnixPrefix = "unix:";
/// What a NUL at the beginning of a unix address is written as, as ss(8) does: such a name is
/// abstract, which means that it is no file and goes with its socket (Linux only, unix(7)).
constexpr char kAbstract = '@';
#ifdef __linux__
constexpr bool kHasAbstract = true;
#else
constexpr bool kHasAbstract = false;
#endif
constexpr std::string_view kLoopback = "127.0.0.1";

[[noreturn]] void malformed(std::string_view text, std::string_view why) {
  throw_sentence(EINVAL, fmt::format("\"{}\" is not an address: {} (write 127.0.0.1:9876, "
                                     "[::1]:9876, localhost:9876, 9876 or unix:/path)",
                                     text, why));
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

bool is_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value <= 65535;
}

/// parse() checked the length.
SocketAddress unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  std::size_t length = offsetof(sockaddr_un, sun_path) + path.size() + 1;
  if (path.front() == kAbstract) {
    address.sun_path[0] = '\0';
    --length;  // such a name ends with the address, not with a NUL
  }
  return {reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length)};
}

/// getaddrinfo(3) has errors of its own, which are no errno values.
class LookUpCategory : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "getaddrinfo"; }
  [[nodiscard]] std::string message(int code) const override { return ::gai_strerror(code); }
};

[[noreturn]] void look_up_failed(const std::string& text, int code) {
  static const LookUpCategory category;
  const std::string sentence = "cannot look up " + text;
  if (code == EAI_SYSTEM) throw_error(errno, sentence);
  throw std::system_error(code, category, sentence);
}

std::vector<SocketAddress> get_addresses(const std::string& host, const std::string& port,
                                         int flags, int& code) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(code == 0 ? list : nullptr,
                                                                   &::freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = guard.get(); entry != nullptr; entry = entry->ai_next) {
    addresses.emplace_back(entry->ai_addr, static_cast<socklen_t>(entry->ai_addrlen));
  }
  return addresses;
}

}  // namespace

SocketAddress::SocketAddress(const sockaddr* address, socklen_t length)
    : length_(length > sizeof storage_ ? socklen_t{sizeof storage_} : length) {
  std::memcpy(&storage_, address, length_);
}

SocketAddress SocketAddress::local_of(int fd) {
  SocketAddress address;
  address.length_ = sizeof address.storage_;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage_), &address.length_) != 0) {
    throw_error(errno, "cannot read a socket's own address");
  }
  return address;
}

SocketAddress SocketAddress::peer_of(int fd) {
  SocketAddress address;
  address.length_ = sizeof address.storage_;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address.storage_), &address.length_) != 0) {
    throw_error(errno, "cannot read the address of a socket's peer");
  }
  return address;
}

std::uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
  if (family() == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
  }
  return 0;
}

std::string SocketAddress::path() const {
  if (family() != AF_UNIX || length_ <= offsetof(sockaddr_un, sun_path)) return {};
  const char* path = reinterpret_cast<const sockaddr_un*>(&storage_)->sun_path;
  return {path, ::strnlen(path, length_ - offsetof(sockaddr_un, sun_path))};
}

std::string SocketAddress::abstract_name() const {
  if (family() != AF_UNIX || length_ <= offsetof(sockaddr_un, sun_path)) return {};
  const char* name = reinterpret_cast<const sockaddr_un*>(&storage_)->sun_path;
  if (*name != '\0') return {};
  std::string text(name, length_ - offsetof(sockaddr_un, sun_path));
  std::replace(text.begin(), text.end(), '\0', kAbstract);
  return text;
}

std::string SocketAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = "";
  switch (family()) {
    case AF_INET:
      ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, text,
                  sizeof text);
      return fmt::format("{}:{}", text, port());
    case AF_INET6: {
      // getnameinfo(3) rather than inet_ntop(3): it keeps the zone of a link-local address.
      char host[NI_MAXHOST] = "";
      ::getnameinfo(data(), length_, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
      return fmt::format("[{}]:{}", host, port());
    }
    case AF_UNIX:
      return fmt::format("unix:{}{}", path(), abstract_name());
    default:
      return "unknown";
  }
}

Endpoint Endpoint::parse(std::string_view text) {
  Endpoint endpoint;
  endpoint.text_ = text;
  if (text.find('\0') != text.npos) malformed("…", "it holds a NUL byte");
  if (text.starts_with(kUnixPrefix)) {
    endpoint.unix_ = true;
    endpoint.host_ = text.substr(kUnixPrefix.size());
    if (endpoint.host_.empty()) malformed(text, "the path is missing");
    if (endpoint.host_.front() == kAbstract && !kHasAbstract) {
      malformed(text, "names that begin with @ are for Linux only, and a file is unix:./@name");
    }
    if (endpoint.host_.size() >= sizeof sockaddr_un{}.sun_path) {
      malformed(text,
                fmt::format("the path is longer than {} bytes", sizeof sockaddr_un{}.sun_path - 1));
    }
    return endpoint;
  }
  const auto colon = text.rfind(':');
  const bool port_alone = colon == 0 || is_number(text);
  if (colon == text.npos && !port_alone) malformed(text, "the port is missing");
  std::string_view host = port_alone ? kLoopback : text.substr(0, colon);
  const std::string_view port = colon == text.npos ? text : text.substr(colon + 1);
  if (!is_port(port)) malformed(text, "the port must be a number from 0 to 65535");
  if (port_alone) endpoint.text_ = fmt::format("{}:{}", host, port);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    malformed(text, "an IPv6 address goes in brackets");
  }
  if (host.empty()) malformed(text, "the host is missing");
  endpoint.host_ = host;
  endpoint.port_ = port;
  return endpoint;
}

std::optional<SocketAddress> Endpoint::numeric() const {
  if (unix_) return unix_address(host_);
  int code = 0;
  const auto addresses = get_addresses(host_, port_, AI_NUMERICHOST, code);
  if (addresses.empty()) return std::nullopt;
  return addresses.front();
}

std::vector<SocketAddress> Endpoint::look_up() const {
  if (unix_) return {unix_address(host_)};
  int code = 0;
  auto addresses = get_addresses(host_, port_, 0, code);
  if (code != 0) look_up_failed(text_, code);
  return addresses;
}

}  // namespace bunshin
