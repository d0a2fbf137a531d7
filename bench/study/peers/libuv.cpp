// An echo server on libuv.

#include <uv.h>

#include <cstdlib>
#include <cstring>

#include "bench/baseline/listener.h"

namespace {

char buffer[64 * 1024];  // one for all: what was read is gone before the next is read

void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* data);

void on_closed(uv_handle_t* handle) { std::free(handle); }

void close_stream(uv_stream_t* stream) {
  uv_close(reinterpret_cast<uv_handle_t*>(stream), on_closed);
}

void lend_buffer(uv_handle_t*, std::size_t, uv_buf_t* data) {
  *data = uv_buf_init(buffer, sizeof buffer);
}

void on_written(uv_write_t* request, int status) {
  uv_stream_t* stream = request->handle;
  std::free(request);
  if (status < 0) return close_stream(stream);
  uv_read_start(stream, lend_buffer, on_read);
}

/// What the kernel did not take is sent before more is read.
void write_rest(uv_stream_t* stream, const char* data, std::size_t size) {
  auto* request = static_cast<uv_write_t*>(std::malloc(sizeof(uv_write_t) + size));
  const uv_buf_t rest =
      uv_buf_init(reinterpret_cast<char*>(request + 1), static_cast<unsigned>(size));
  std::memcpy(rest.base, data, size);
  uv_read_stop(stream);
  uv_write(request, stream, &rest, 1, on_written);
}

void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* data) {
  if (size < 0) return close_stream(stream);
  if (size == 0) return;
  const uv_buf_t all = uv_buf_init(data->base, static_cast<unsigned>(size));
  int sent = uv_try_write(stream, &all, 1);
  if (sent == size) return;
  if (sent < 0 && sent != UV_EAGAIN) return close_stream(stream);
  if (sent < 0) sent = 0;
  write_rest(stream, data->base + sent, static_cast<std::size_t>(size - sent));
}

void on_connection(uv_stream_t* server, int status) {
  if (status < 0) return;
  auto* client = static_cast<uv_tcp_t*>(std::malloc(sizeof(uv_tcp_t)));
  uv_tcp_init(server->loop, client);
  auto* stream = reinterpret_cast<uv_stream_t*>(client);
  if (uv_accept(server, stream) == 0) {
    uv_read_start(stream, lend_buffer, on_read);
  } else {
    close_stream(stream);
  }
}

}  // namespace

int main(int argc, char** argv) {
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t server;
  uv_tcp_init(loop, &server);
  uv_tcp_open(&server, baseline::listen_on(argc, argv));
  uv_listen(reinterpret_cast<uv_stream_t*>(&server), 4096, on_connection);
  uv_run(loop, UV_RUN_DEFAULT);
}
