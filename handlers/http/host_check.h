#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "handlers/http/http_request.h"

namespace bunshin {

/// Why `request` must not be served, in a sentence; empty when it may. A web page elsewhere can
/// make its reader's browser ask any address, and a name of its own can be made to mean 127.0.0.1
/// (DNS rebinding). The browser tells, though: in Host the name that was asked for, in Origin whose
/// page asks. So Host has to be a numeric address, "localhost" or one of `names`, with any port;
/// and Origin, when it is there, the same host.
std::string why_not_served(const HttpRequest& request, const std::vector<std::string>& names);

}  // namespace bunshin
