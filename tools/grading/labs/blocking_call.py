import queue
import socket
import threading

from client import Client
from judging import Lab
from program import PATIENCE
from words import Wrong

LAB = Lab("blocking_call", with_bunshin=True)


class Oracle:
    """Answers only when the judge lets it. Use it in a `with`."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.asked = queue.Queue()

    def __enter__(self):
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.go()

    def go(self):
        """From now on it is not there."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it is gone already
        self.listener.close()

    def _listen(self):
        try:
            while True:
                asker, _ = self.listener.accept()
                threading.Thread(target=self._hear, args=(asker,), daemon=True).start()
        except OSError:
            pass  # closed: the end

    def _hear(self, asker):
        try:
            question = b""
            while not question.endswith(b"\n"):
                if not (data := asker.recv(256)):
                    return
                question += data
            self.asked.put((question[:-1], asker))
        except OSError:
            pass

    def next_question(self):
        """(question, its connection), from which answer() or close() goes."""
        try:
            return self.asked.get(timeout=PATIENCE)
        except queue.Empty:
            raise Wrong("a question did not reach the oracle",
                        "問いがオラクルに届きません") from None


def answer(asker, text):
    try:
        asker.sendall(text + b"\n")
    except OSError:
        pass
    asker.close()


def ask_and_hold(program, oracle, question):
    """A client whose question has reached the oracle, and the oracle's connection."""
    client = Client(program)
    client.send(b"ask " + question + b"\n")
    got, asker = oracle.next_question()
    if got != question:
        raise Wrong(f"the oracle was asked {got!r}, not {question!r}",
                    f"オラクルへの問いが {question!r} ではなく {got!r} です")
    return client, asker


@LAB.behaviour(
    ("while the oracle thinks, those who ask nothing are served",
     "オラクルが考えているあいだ、何も尋ねない者は応対される"),
    ("in which call the thread of the loop is meanwhile: gdb, or `strace -f -p`",
     "そのとき、ループのスレッドがどの呼び出しの中にいるか。gdb か `strace -f -p` で見えます"))
def others_served(start):
    with Oracle() as oracle, start(oracle.address) as program:
        talker = Client(program)
        talker.expect_open()
        client, asker = ask_and_hold(program, oracle, b"why")
        talker.expect_open()
        Client(program).expect_open()
        answer(asker, b"because")
        client.expect(b"why: because\n")


@LAB.behaviour(
    ("one question does not wait for the answer to another",
     "一つの問いが、ほかの問いの答えを待つことはない"),
    ("how many questions can be with the oracle at the same time: count its connections",
     "同時にいくつの問いがオラクルのもとにありうるか。接続を数えてください"))
def side_by_side(start):
    with Oracle() as oracle, start(oracle.address) as program:
        held = [(number, *ask_and_hold(program, oracle, b"q%d" % number)) for number in range(4)]
        for number, client, asker in reversed(held):
            answer(asker, b"a%d" % number)
            client.expect(b"q%d: a%d\n" % (number, number))


@LAB.behaviour(
    ("an answer that takes a second and a half is waited for",
     "答えに 1 秒半かかっても、待って届ける"),
    ("what the client is told, and what the oracle says after that",
     "クライアントに何を伝えたか、そのあとオラクルが何を言うか"))
def slow_answer(start):
    with Oracle() as oracle, start(oracle.address) as program:
        client, asker = ask_and_hold(program, oracle, b"how long")
        client.socket.settimeout(1.5)
        try:
            told = client.socket.recv(100)
        except TimeoutError:
            told = b""
        if told:
            raise Wrong(f"before the oracle spoke the client was told {told!r}",
                        f"オラクルが答える前に、クライアントに {told!r} と伝えました")
        client.socket.settimeout(PATIENCE)
        answer(asker, b"as long as it takes")
        client.expect(b"how long: as long as it takes\n")


@LAB.behaviour(
    ("an answer for one who has left goes to nobody, and harms nobody",
     "去った者への答えは誰にも届かず、誰の害にもならない"),
    ("what is remembered of the one who asked, and what of it is still true when the answer comes",
     "尋ねた者の何を覚えているか、答えが届いたときにそれがまだ正しいか"))
def asker_leaves(start):
    with Oracle() as oracle, start(oracle.address) as program:
        for number in range(3):
            client, asker = ask_and_hold(program, oracle, b"secret %d" % number)
            client.reset()
            bystander = Client(program)
            bystander.expect_open()
            newcomer = Client(program)
            newcomer.expect_open()
            answer(asker, b"for your ears only")
            follower, asker = ask_and_hold(program, oracle, b"next")
            answer(asker, b"fine")
            follower.expect(b"next: fine\n")
            newcomer.expect_open()
            bystander.expect_open()


@LAB.behaviour(
    ("when the oracle says nothing, or is not there, the client is told that nobody knows",
     "オラクルが黙って切るとき、またはいないとき、「nobody knows」と伝える"),
    ("what each of the calls to the oracle can return", "オラクルへの呼び出しそれぞれが返しうるもの"))
def nobody_knows(start):
    with Oracle() as oracle, start(oracle.address) as program:
        client, asker = ask_and_hold(program, oracle, b"who")
        asker.close()
        client.expect(b"who: nobody knows\n")
        oracle.go()
        client.send(b"ask where\n")
        client.expect(b"where: nobody knows\n")
        client.expect_open()
