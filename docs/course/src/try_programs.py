#!/usr/bin/env python3
"""Runs a program of the course and talks to it as the chapter does.

    docs/course/src/try_programs.py CASE COMMAND...
"""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import tty

LIMIT = 10  # seconds that any one step may take
STAMP = rb"\[\w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}\] "


class Server:
    """A program that says where it listens."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        words = self.process.stdout.readline().split()
        assert words[:2] == ["listening", "on"], f"it said {words}"
        host, port = words[2].rsplit(":", 1)
        self.address = (host, int(port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def client(self):
        return socket.create_connection(self.address, LIMIT)

    def runs(self):
        return self.process.poll() is None


def receive(client, size):
    got = b""
    while len(got) < size:
        part = client.recv(65536)
        assert part, f"the server closed the connection after {got[-80:]!r}"
        got += part
    return got


def receive_line(client):
    got = b""
    while not got.endswith(b"\n"):
        part = client.recv(1024)
        assert part, f"the server closed the connection after {got!r}"
        got += part
    return got


def stamped(client, text):
    client.sendall(text)
    got = receive_line(client)
    assert re.fullmatch(STAMP + re.escape(text), got), got


def ended(client):
    """Ends sending, and expects the server to end, too."""
    client.shutdown(socket.SHUT_WR)
    assert client.recv(1) == b""
    client.close()


def server1(command):
    with Server([*command, "0"]) as server:
        client = server.client()
        stamped(client, b"hello\n")
        stamped(client, b"again\n")
        ended(client)
        assert server.process.wait(LIMIT) == 0, "the server has to end with its client"


def server2(command):
    with Server([*command, "0"]) as server:
        first, second, third = (server.client() for _ in range(3))
        second.sendall(b"I wait\n")
        third.sendall(b"so do I\n")
        stamped(first, b"one\n")
        stamped(first, b"two\n")
        assert not select.select([second, third], [], [], 0)[0], "the second was served meanwhile"
        ended(first)
        assert receive_line(second).endswith(b"] I wait\n")
        assert not select.select([third], [], [], 0)[0], "the third was served before its turn"
        second.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        second.close()  # a reset: the next one is served all the same
        assert receive_line(third).endswith(b"] so do I\n")
        assert server.runs()


def client1(command, server_command):
    with Server([*server_command, "0"]) as server:
        port = str(server.address[1])
        done = subprocess.run([*command, port], input=b"hello\nlast\n", capture_output=True,
                              timeout=LIMIT, check=True)
        assert re.fullmatch(STAMP + rb"hello\n" + STAMP + rb"last\n", done.stdout), done.stdout
        assert server.process.wait(LIMIT) == 0
    gone = subprocess.run([*command, port], input=b"", capture_output=True, timeout=LIMIT)
    assert gone.returncode != 0 and gone.stderr, "nobody listens, and it says nothing"


def together(command):
    """Everybody at once: nobody waits for the first, large messages, an end that is still owed."""
    port = "127.0.0.1:0" if "conversation" in command[0] else "0"
    with Server([*command, port]) as server:
        clients = [server.client() for _ in range(5)]
        for number, client in reversed(list(enumerate(clients))):
            text = b"hello from %d\n" % number * 500
            client.sendall(text)
            assert receive(client, len(text)) == text
        large = bytes(range(256)) * 4096  # 1 MiB: more than the kernel holds for one who reads late
        client = server.client()
        client.setblocking(False)
        sent, got = 0, b""
        while len(got) < len(large):
            readable, writable, _ = select.select([client], [client] if sent < len(large) else [],
                                                  [], LIMIT)
            assert readable or writable, f"nothing moves after {len(got)} bytes"
            if writable:
                sent += client.send(large[sent:sent + 65536])
            if readable:
                got += client.recv(65536)
        assert got == large
        client.setblocking(True)
        client.settimeout(LIMIT)
        ended(client)
        half = clients.pop()
        half.sendall(b"last words")
        half.shutdown(socket.SHUT_WR)
        assert receive(half, 10) == b"last words"
        assert half.recv(1) == b""
        rude = clients.pop()
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        rude.sendall(b"x" * 100)
        rude.close()
        client = clients.pop()
        client.sendall(b"still there?")
        assert receive(client, 12) == b"still there?"
        assert server.runs(), "a reset ended the server"


def crowded(command):
    """With no descriptor left the others are served, and who waits is served when one has left."""
    limited = ["prlimit", "--nofile=8:8", *command, "0"]
    with Server(limited) as server:
        clients = [server.client() for _ in range(8)]
        for client in clients:
            client.sendall(b"x")
        served = []
        while len(served) < 4:
            for client in select.select([c for c in clients if c not in served], [], [], LIMIT)[0]:
                assert client.recv(1) == b"x"
                served.append(client)
        used = cpu_time(server.process.pid)
        for client in served:
            ended(client)
        for client in (c for c in clients if c not in served):
            assert client.recv(1) == b"x"
        assert cpu_time(server.process.pid) - used < 1, "it spins while nobody can be accepted"


def cpu_time(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13])) / 100


def race(command):
    done = subprocess.run([*command, "locked"], capture_output=True, timeout=60, check=True, text=True)
    assert done.stdout == "20000000 of 20000000\n", done.stdout


def edges(command):
    """level and drain give all back; edge forgets what it did not read when it was told."""
    for mode in ("level", "drain"):
        with Server([*command, mode, "0"]) as server:
            client = server.client()
            client.sendall(b"0123456789abcdef")
            assert receive(client, 16) == b"0123456789abcdef"
            ended(client)
    with Server([*command, "edge", "0"]) as server:
        client, other = server.client(), server.client()
        client.sendall(b"0123456789abcdef")
        assert receive(client, 4) == b"0123"
        for _ in range(2):
            other.sendall(b"meow")
            assert receive(other, 4) == b"meow"
        assert not select.select([client], [], [], 0)[0], "no edge was lost"
        client.sendall(b"!")
        assert receive(client, 4) == b"4567", "the next edge has to give the next four bytes"


def sips(command):
    """With bunshin all comes back, whatever the model."""
    for mode in ("level", "remembered"):
        with Server([*command, mode, "127.0.0.1:0"]) as server:
            client = server.client()
            text = bytes(range(256)) * 64
            client.sendall(text)
            assert receive(client, len(text)) == text
            ended(client)


def chat(command, deaf):
    """Everybody hears whole lines. Who does not read is dropped; with patience the memory grows."""
    growth = {}
    for patience in ((), ("patient",)):
        with Server([*command, "127.0.0.1:0", *patience]) as server:
            one, other = server.client(), server.client()
            one.sendall(b"hel")
            other.sendall(b"I am here\n")  # it may have joined only now
            assert receive_line(other) == b"I am here\n" == receive_line(one)
            one.sendall(b"lo\n")
            assert receive_line(one) == b"hello\n" == receive_line(other)
            one.close()
            other.close()
            said = subprocess.run([*deaf, str(server.address[1]), str(server.process.pid)], text=True,
                                  capture_output=True, timeout=60, check=True).stdout
            sizes = [int(line.split()[-2]) for line in said.splitlines()]
            growth[patience] = sizes[-1] - sizes[0]
    assert growth[()] < 8_000 < 20_000 < growth[("patient",)], growth


def ends_well(command):
    with Server([*command, "127.0.0.1:0"]) as server:
        client = server.client()
        client.sendall(b"hello\nbal")
        assert receive_line(client) == b"hello\n"
        client.sendall(b"se\n")  # the word in two parts is the word
        assert client.recv(1) == b""
        client.close()
        assert server.process.wait(LIMIT) == 0, "the word did not end it"
        assert server.process.stdout.read() == "goodbye\n"
    with Server([*command, "127.0.0.1:0"]) as server:
        client = server.client()
        client.sendall((b"x" * 499 + b"\n") * 100)
        got = client.recv(1)
        server.process.send_signal(signal.SIGTERM)
        while part := client.recv(65536):  # a reset would be an exception
            got += part
        assert got.endswith(b"\n"), got[-20:]
        client.close()
        assert server.process.wait(LIMIT) == 0, "SIGTERM did not end it in order"


def closing(command):
    with Server([*command, "hasty", "0"]) as server:
        client = server.client()
        client.sendall(b"?" * 1000)
        waiting = select.poll()
        waiting.register(client, 0)  # for the reset alone
        assert waiting.poll(LIMIT * 1000), "the server did not close"
        try:
            while client.recv(65536):
                pass
            raise AssertionError("nothing was lost by closing hastily")
        except ConnectionResetError:
            pass
    with Server([*command, "polite", "0"]) as server:
        client = server.client()
        client.sendall(b"?" * 1000)
        assert len(receive(client, 3_000_000)) == 3_000_000
        assert client.recv(1) == b""


def relay(command):
    """Every byte from Julius comes out of the line, and the program ends when Julius does."""
    master, slave = os.openpty()
    tty.setraw(slave)
    text = bytes(range(256)) * 40
    with socket.create_server(("127.0.0.1", 0)) as julius:
        julius.settimeout(LIMIT)
        process = subprocess.Popen([*command, os.ttyname(slave), "127.0.0.1:%d" % julius.getsockname()[1]],
                                   stdout=subprocess.DEVNULL)
        try:
            engine, _ = julius.accept()
            engine.sendall(text)
            engine.close()
            got = b""
            while len(got) < len(text):
                assert select.select([master], [], [], LIMIT)[0], f"{len(got)} of {len(text)} bytes"
                got += os.read(master, 65536)
            assert got == text
            assert process.wait(LIMIT) == 0
        finally:
            process.kill()
            process.wait()


def loops(command, program):
    """From sending most look quick; from the plan a tenth has waited long."""
    with Server(command) as server:
        told = subprocess.run([*program, str(server.address[1]), str(server.process.pid)], text=True,
                              capture_output=True, timeout=LIMIT * 2, check=True).stdout
    sending, plan = ([float(number) for number in re.findall(r"([\d.]+) ms", line)]
                     for line in told.splitlines())
    assert plan[1] > 50 and plan[1] > 4 * sending[1], told


def asks(command):
    with Server([*command, "127.0.0.1:0", "ask"]) as server:
        right, wrong = server.client(), server.client()
        for client, answer, verdict in (wrong, b"41", b"No.\n"), (right, b"42", b"Right.\n"):
            assert receive(client, 20) == b"What is the answer? "
            client.sendall(answer)
            client.sendall(b"\n")
            assert receive_line(client) == b"Let me think...\n"
            assert receive_line(client) == verdict
            assert client.recv(1) == b""


def thousand(command, program):
    with Server([*command, "127.0.0.1:0"]) as server:
        subprocess.run([*program, str(server.address[1])], timeout=LIMIT, check=True)


CASES = {function.__name__: function
         for function in (server1, server2, client1, together, crowded, race, edges, sips, chat, ends_well,
                          closing, relay, loops, asks, thousand)}


def main():
    signal.alarm(60)
    case, *command = sys.argv[1:]
    if "--" in command:
        at = command.index("--")
        CASES[case](command[:at], command[at + 1:])
    else:
        CASES[case](command)
    print(f"{case}: as the chapter says")


if __name__ == "__main__":
    main()
