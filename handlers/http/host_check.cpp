#include "handlers/http/host_check.h"

#include <algorithm>

namespace bunshin {

namespace {

/// Without the port.
std::string_view name_of(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, std::min(host.find(']'), host.size() - 1) + 1);
  return host.substr(0, std::min(host.rfind(':'), host.size()));
}

/// Names that are looked up do not end in a number (RFC 1123, 2.1), nor begin with "[".
bool is_numeric(std::string_view name) {
  if (name.starts_with('[')) return name.ends_with(']') && name.size() > 2;
  constexpr std::string_view kDigits = "0123456789.";
  return !name.empty() && name.find_first_not_of(kDigits) == name.npos && name.back() != '.';
}

}  // namespace

std::string why_not_served(const HttpRequest& request, const std::vector<std::string>& names) {
  const std::string_view host = request.header("Host");
  const std::string_view name = name_of(host);
  const bool known = is_numeric(name) || same_word(name, "localhost") ||
                     std::any_of(names.begin(), names.end(),
                                 [name](const auto& its) { return same_word(its, name); });
  if (!known) return "this server is asked for by its numeric address, or as localhost";
  if (request.count("Origin") == 0) return {};
  const std::string_view origin = request.header("Origin");
  constexpr std::string_view kScheme = "http://";
  if (origin.starts_with(kScheme) && same_word(origin.substr(kScheme.size()), host)) return {};
  return "a page of another origin asks for this";
}

}  // namespace bunshin
