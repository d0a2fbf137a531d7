#!/usr/bin/python3
"""What the course's rapiro.py does: every byte of a socket goes to a serial line, with pyserial."""

import socket
import sys

import serial

host, port = sys.argv[1].rsplit(":", 1)
line = serial.Serial(sys.argv[2], 57600)
engine = socket.create_connection((host, int(port)))
while data := engine.recv(1024):
    line.write(data)
