#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "handlers/http/http_request.h"

namespace bunshin {

/// How large a request may be, in bytes.
struct RequestLimits {
  std::size_t head = 16 * 1024;  ///< request line and header fields: 431 beyond
  std::size_t body = 64 * 1024;  ///< 413 beyond
};

/// Cuts what a client sends into requests. (libhttp-parser reads HTTP/1.x; this keeps what it
/// finds, within limits, and decides what is an error.) One thread; never throws but
/// std::bad_alloc.
class RequestParser {
 public:
  explicit RequestParser(const RequestLimits& limits = {});
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  enum class State : std::uint8_t {
    idle,      ///< nothing of a request has come
    reading,   ///< a part of one
    complete,  ///< request() is whole, and waits for next()
    failed     ///< see error(): what follows is no request any more
  };
  [[nodiscard]] State state() const;

  /// Reads up to the end of one request and returns how much that was. REQUIRES: not complete.
  std::size_t read(std::string_view data);
  /// Begins another one.
  void next();

  [[nodiscard]] const HttpRequest& request() const;
  /// Whether the client keeps the connection open for more.
  [[nodiscard]] bool keeps_alive() const;
  /// Whether the client waits for "100 Continue" before it sends the body. True once a request.
  bool take_expectation();

  /// Why it failed: the status of the answer, and a sentence.
  struct Error {
    int status = 0;
    std::string text;
  };
  [[nodiscard]] const Error& error() const;

 private:
  struct Parsing;
  std::unique_ptr<Parsing> parsing_;
};

}  // namespace bunshin
