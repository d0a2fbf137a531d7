// An echo server on standalone Asio, in the form its own examples teach: a session that owns
// itself. Boost.Asio of the same release is the same code in another namespace, so it is no peer
// of its own.

#include <asio.hpp>
#include <memory>
#include <utility>

#include "bench/baseline/listener.h"

namespace {

using asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}

  void read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](std::error_code error, std::size_t size) {
                              if (!error) self->write(size);
                            });
  }

 private:
  void write(std::size_t size) {
    asio::async_write(socket_, asio::buffer(buffer_, size),
                      [self = shared_from_this()](std::error_code error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  tcp::socket socket_;
  char buffer_[64 * 1024];  // not initialised: only the pages that are used cost memory
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](std::error_code error, tcp::socket socket) {
    if (!error) std::shared_ptr<Session>(new Session(std::move(socket)))->read();
    accept(acceptor);
  });
}

}  // namespace

int main(int argc, char** argv) {
  asio::io_context context(ASIO_CONCURRENCY_HINT_UNSAFE);  // one thread: no locks
  tcp::acceptor acceptor(context, tcp::v4(), baseline::listen_on(argc, argv));
  accept(acceptor);
  context.run();
}
