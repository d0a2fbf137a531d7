#!/usr/bin/env python3
"""Connects, and is gone at once, as a program is that was killed: vanish.py HOST:PORT"""

import socket
import struct
import sys

host, port = sys.argv[1].rsplit(":", 1)
connection = socket.create_connection((host, int(port)))
# Closing with this resets the connection instead of ending it in order.
connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
connection.close()
