"""What the labs in Python share. Nothing in here is broken."""

import socket
import sys


def listen_at_argument():
    """A non-blocking listening socket at the first argument (127.0.0.1:9876 without one).

    Prints "listening on HOST:PORT" with the port that it really is.
    """
    host, port = (sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:9876").rsplit(":", 1)
    listener = socket.create_server((host, int(port)), backlog=512)
    listener.setblocking(False)
    print("listening on %s:%d" % listener.getsockname(), flush=True)
    return listener


def accept(listener):
    """A connection that has arrived, non-blocking."""
    client, _ = listener.accept()
    client.setblocking(False)
    return client
