#include "handlers/http/http_server.h"

#include <utility>
#include <vector>

#include "handlers/http/http_connection.h"
#include "handlers/http/http_site.h"
#include "reactor/host.h"

namespace bunshin {

HttpServer::HttpServer(Reactor& reactor, HttpOptions options)
    : Dispatcher(reactor), site_(std::make_shared<HttpSite>(*this, std::move(options))) {
  if (site_->options().background) unref();
}

HttpServer::HttpServer(Reactor& reactor, const Endpoint& endpoint, HttpOptions options)
    : HttpServer(reactor, std::move(options)) {
  listen_on(endpoint);
}

HttpServer::HttpServer(Reactor& reactor, UniqueFd listening, HttpOptions options)
    : HttpServer(reactor, std::move(options)) {
  listen_on(std::move(listening));
}

HttpServer::~HttpServer() { site_->listener_gone(); }

void HttpServer::get(std::string path, Answer answer) {
  site_->at(std::move(path)).get = std::move(answer);
}

void HttpServer::post(std::string path, Answer answer) {
  site_->at(std::move(path)).post = std::move(answer);
}

void HttpServer::stream(std::string path, std::string type, Begin begin, WhyNot why_not) {
  HttpSite::Route& route = site_->at(std::move(path));
  route.begin = std::move(begin);
  route.why_not = std::move(why_not);
  route.stream_type = std::move(type);
}

void HttpServer::end() {
  close();
  reactor().for_each([this](EventHandler& handler) {
    auto* const connection = dynamic_cast<HttpConnection*>(&handler);
    if (connection != nullptr && connection->is_of(*site_)) connection->close();
  });
}

void HttpServer::handle_accepted(StreamSocket socket, const SocketAddress&) {
  reactor().host().set_option(socket.fd.get(), SocketOption::keep_alive);
  reactor().emplace<HttpConnection>(std::move(socket), site_);
}

}  // namespace bunshin
