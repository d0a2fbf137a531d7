#!/usr/bin/env python3
"""What a crowd costs a chat server: clients that never read, and many short lines for many.

    bench/crowd.py build/release/tools/bunshin [ENGINE ...]

The server's own memory (RssAnon) for each of 100 clients that never read, while one talks; what is
left when they have gone; the CPU time for one packet of 4,096 empty lines that go to 200 clients; and
for 50 clients of whom each says 200 lines, one after the other, to all: 500,000 deliveries.
"""

import os
import selectors
import socket
import subprocess
import sys
import time

SILENT = 100
READERS = 200
LINE = b"x" * 7999 + b"\n"
TALK = 64 * 1024 * 1024
MEMBERS = 50
SAYS = 200
SAID = b"x" * 63 + b"\n"
LIMIT = 60  # seconds, for each step


class Server:
    def __init__(self, bunshin, engine):
        command = [bunshin, "chat", "127.0.0.1:0", "--engine", engine]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        host, port = self.process.stdout.readline().split()[-1].rsplit(":", 1)
        self.address = (host, int(port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def join(self, receive_buffer=None):
        client = socket.socket()
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.connect(self.address)
        client.setblocking(False)
        return client

    def memory(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def exchange(talkers, readers, expected, watch=lambda: None):
    """Sends {socket: bytes} until all is sent and every reader has `expected` bytes."""
    left = {reader: expected for reader in readers}
    waiting = {talker: memoryview(text) for talker, text in talkers.items()}
    end = time.monotonic() + LIMIT
    with selectors.DefaultSelector() as selector:
        for client in set(left) | set(waiting):
            selector.register(client, selectors.EVENT_READ | (selectors.EVENT_WRITE if client in waiting else 0))
        while any(waiting.values()) or any(count > 0 for count in left.values()):
            if time.monotonic() > end:
                sys.exit("the server does not answer")
            watch()
            for key, events in selector.select(1):
                client = key.fileobj
                if events & selectors.EVENT_READ:
                    left[client] -= len(client.recv(1 << 20))
                if events & selectors.EVENT_WRITE:
                    waiting[client] = waiting[client][client.send(waiting[client]) :]
                    if not waiting[client]:
                        selector.modify(client, selectors.EVENT_READ)


def silent_crowd(bunshin, engine):
    with Server(bunshin, engine) as server:
        talker = server.join()
        exchange({talker: LINE}, [talker], len(LINE))
        before = peak = server.memory()
        crowd = [server.join(64 * 1024) for _ in range(SILENT)]

        def watch():
            nonlocal peak
            peak = max(peak, server.memory())

        exchange({talker: LINE * (TALK // len(LINE))}, [talker], TALK // len(LINE) * len(LINE), watch)
        for client in crowd:
            client.close()
        exchange({talker: LINE}, [talker], len(LINE))
        time.sleep(0.5)  # the last of them are being closed
        return (peak - before) / SILENT, server.memory() - before


def empty_lines(bunshin, engine):
    with Server(bunshin, engine) as server:
        readers = [server.join() for _ in range(READERS)]
        exchange({reader: b"\n" for reader in readers[:1]}, readers, 1)
        before = server.cpu()
        exchange({readers[0]: b"\n" * 4096}, readers, 4096)
        return server.cpu() - before


def fan_out(bunshin, engine):
    with Server(bunshin, engine) as server:
        members = [server.join() for _ in range(MEMBERS)]
        exchange({members[0]: SAID}, members, len(SAID))
        before = server.cpu()
        for _ in range(SAYS):
            exchange({member: SAID for member in members}, members, MEMBERS * len(SAID))
        return server.cpu() - before


def main():
    bunshin = sys.argv[1]
    print("engine    KB a silent client  KB left afterwards  CPU s, 4,096 lines to 200  CPU s, 50 say 200 lines to all")
    for engine in sys.argv[2:] or ["epoll", "io_uring", "poll"]:
        each, left = silent_crowd(bunshin, engine)
        print(f"{engine:9} {each:18.0f}  {left:18.0f}  {empty_lines(bunshin, engine):25.2f}"
              f"  {fan_out(bunshin, engine):29.2f}", flush=True)


main()
