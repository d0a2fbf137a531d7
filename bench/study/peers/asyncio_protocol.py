#!/usr/bin/python3
"""An echo server on asyncio: a protocol, which is quicker than its streams."""

import asyncio
import sys


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        transport.max_size = 64 * 1024  # of one read
        # TCP_NODELAY is set by asyncio.

    def data_received(self, data):
        self.transport.write(data)

    # A peer that does not read is not read from.
    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


async def main():
    host, port = sys.argv[1].rsplit(":", 1)
    server = await asyncio.get_running_loop().create_server(Echo, host, int(port), backlog=4096)
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    await server.serve_forever()


asyncio.run(main())
