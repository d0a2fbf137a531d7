#pragma once

#include <string>

#include "handlers/http/http_server.h"
#include "tools/scope/loop_sampler.h"
#include "tools/scope/steering.h"
#include "tools/scope/viewers.h"

namespace bunshin {

/// The options of a scope's HttpServer: in the background, and nothing but what it serves itself
/// may run in its page.
HttpOptions scope_http_options();

/// Lets `server` serve the page, the events, and what viewers ask for. All must live until it ends.
/// `hello`: members of a JSON object that say what this is.
void serve_scope(HttpServer& server, Viewers& viewers, Steering& steering, LoopSampler& sampler,
                 const std::string& hello);

}  // namespace bunshin
