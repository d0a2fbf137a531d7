#include "handlers/file_dispatcher.h"

#include <utility>

#include "reactor/host.h"
#include "reactor/sockets.h"

namespace bunshin {

FileDispatcher::FileDispatcher(Reactor& reactor, UniqueFd fd, Model model)
    : BufferedDispatcher(reactor) {
  if (reactor.host().examine(fd.get()).socket) {
    StreamSocket socket(std::move(fd));
    reactor.add(*this, std::move(socket.fd), socket.kind, model);
  } else {
    reactor.host().set_nonblocking(fd.get());
    reactor.add(*this, std::move(fd), Kind::file, model);
  }
}

FileDispatcher::FileDispatcher(Reactor& reactor, Inherited inherited)
    : BufferedDispatcher(reactor) {
  Host& host = reactor.host();
  const bool is_socket = host.examine(inherited.fd).socket;
  if (UniqueFd again = host.open_again(inherited.fd)) {
    reactor.add(*this, std::move(again), Kind::file);
    return;
  }
  UniqueFd duplicate = host.duplicate(inherited.fd);
  if (is_socket) {
    StreamSocket socket(std::move(duplicate));
    reactor.add(*this, std::move(socket.fd), socket.kind);
  } else {
    reactor.add_blocking(*this, std::move(duplicate));
  }
}

}  // namespace bunshin
