// An echo server on libevent's bufferevents.

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "bench/baseline/listener.h"

namespace {

void on_sent(bufferevent* connection, void*) { bufferevent_free(connection); }
void on_failed(bufferevent* connection, short, void*) { bufferevent_free(connection); }

void on_read(bufferevent* connection, void*) {
  // Moves the chain of buffers; nothing is copied.
  bufferevent_write_buffer(connection, bufferevent_get_input(connection));
}

void on_event(bufferevent* connection, short what, void*) {
  if ((what & BEV_EVENT_ERROR) != 0 ||
      evbuffer_get_length(bufferevent_get_output(connection)) == 0) {
    bufferevent_free(connection);
    return;
  }
  bufferevent_disable(connection, EV_READ);
  bufferevent_setcb(connection, nullptr, on_sent, on_failed, nullptr);
}

void on_accept(evconnlistener* listener, evutil_socket_t fd, sockaddr*, int, void*) {
  bufferevent* connection =
      bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_set_max_single_read(connection, 64 * 1024);
  bufferevent_set_max_single_write(connection, 64 * 1024);
  bufferevent_setcb(connection, on_read, nullptr, on_event, nullptr);
  bufferevent_enable(connection, EV_READ | EV_WRITE);
}

}  // namespace

int main(int argc, char** argv) {
  event_base* base = event_base_new();
  evconnlistener_new(base, on_accept, nullptr, LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE, 0,
                     baseline::listen_on(argc, argv));
  event_base_dispatch(base);
}
