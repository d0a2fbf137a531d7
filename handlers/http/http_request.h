#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bunshin {

/// One request, as its client sent it (RFC 9112). A value.
struct HttpRequest {
  std::string method;  ///< "GET", "HEAD", "POST", ...
  std::string path;    ///< "/events": percent signs and all
  std::string query;   ///< "ms=250": what follows the "?"
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// The value of the first header field of that name, in whatever case; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// How many header fields of that name there are.
  [[nodiscard]] std::size_t count(std::string_view name) const;
  /// The value of `name` in the query, decoded ("%20" and "+" are blanks); none when it is not
  /// there or holds a "%" without two hexadecimal digits.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

/// Whether both are the same word of a protocol: only the letters of ASCII have two cases.
bool same_word(std::string_view one, std::string_view other);

}  // namespace bunshin
