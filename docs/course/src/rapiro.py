"""Chapter 9: every byte from Julius goes to the robot's serial line."""

import os
import socket
import sys
import termios
import tty

# [main]
device = sys.argv[1] if len(sys.argv) > 1 else "/dev/ttyAMA0"
host, port = sys.argv[2].split(":") if len(sys.argv) > 2 else ("127.0.0.1", 10500)

line = os.open(device, os.O_RDWR | os.O_NOCTTY)
tty.setraw(line)
settings = termios.tcgetattr(line)
settings[4] = settings[5] = termios.B57600
termios.tcsetattr(line, termios.TCSANOW, settings)

with socket.create_connection((host, int(port))) as julius:
    while data := julius.recv(4096):
        while data:
            data = data[os.write(line, data):]
termios.tcdrain(line)
# [/main]
