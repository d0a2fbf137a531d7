import time

from client import Client
from judging import Lab
from words import Wrong

LAB = Lab("emfile_spin")
DESCRIPTORS = 16


def crowd(program):
    """More clients than there are descriptors: those who are served, and those who wait."""
    clients = [Client(program) for _ in range(DESCRIPTORS + 4)]
    for client in clients:
        client.send(b"hello\n")
    served = clients[:DESCRIPTORS - program.base_descriptors]
    for client in served:
        client.expect(b"hello\n")
    return served, clients[len(served):]


@LAB.behaviour(
    ("while it has no descriptor left and nobody speaks, the server sleeps",
     "記述子が尽き、誰も何も言わないあいだ、サーバーは眠っている"),
    ("what poll returns and what accept answers, again and again: `strace -c -p`",
     "poll が何を返し、accept が何と答えるか。`strace -c -p` で見えます"))
def sleeps(start):
    with start(descriptors=DESCRIPTORS) as program:
        crowd(program)
        program.expect_idle("with no descriptor left", "記述子が尽きたあと")


@LAB.behaviour(
    ("those who are connected are served as quickly as ever",
     "接続しているクライアントには、いつもと同じ速さで応じる"),
    ("how long one round of the loop takes: `strace -r -p`",
     "ループの一巡にどれだけかかるか。`strace -r -p` で見えます"))
def others_served(start):
    with start(descriptors=DESCRIPTORS) as program:
        served, _ = crowd(program)
        began = time.monotonic()
        for _ in range(40):
            served[0].expect_open()
        if (took := time.monotonic() - began) > 2:
            raise Wrong(f"40 questions and answers took {took:.1f} s",
                        f"40 回のやりとりに {took:.1f} 秒かかりました")


@LAB.behaviour(
    ("who waits in the queue is served as soon as a descriptor is free",
     "バックログのクライアントは、記述子が空けばすぐに応対される"),
    ("what has to happen before accept is called again, and whether it does",
     "accept がもう一度呼ばれるために何が起きなければならないか、それが起きているか"))
def queue_served(start):
    with start(descriptors=DESCRIPTORS) as program:
        served, waiting = crowd(program)
        for client in served:
            client.close()
        for client in waiting:
            client.expect(b"hello\n")
            client.expect_open()


@LAB.behaviour(
    ("nobody is turned away", "誰も追い返されない"),
    ("what those see who wait: `nc` as one client too many",
     "待たされている側に何が見えるか。一つ余分なクライアントとして `nc` で試してください"))
def nobody_turned_away(start):
    with start(descriptors=DESCRIPTORS) as program:
        _, waiting = crowd(program)
        for client in waiting:
            client.socket.settimeout(0.3 if client is waiting[0] else 0.01)
            try:
                client.socket.recv(1)
            except TimeoutError:
                continue
            except OSError:
                pass
            raise Wrong("a client that waited was sent away or answered out of turn",
                        "待っていたクライアントが追い返されました")
