from client import Client
from judging import Lab
from words import Wrong

LAB = Lab("stale_descriptor")


def join(program):
    """A client, and the number that it was told."""
    client = Client(program)
    line = b""
    while not line.endswith(b"\n"):
        line += client.receive(1)
    if not line.startswith(b"you are "):
        raise Wrong("it does not begin with \"you are N\"", "最初の行が「you are N」ではありません")
    return client, int(line.split()[-1])


def let_one_follow(start, last_act):
    """A kick, a newcomer, and something of the one kicked, in this order in one round. The kernel
    tells of them in that order mostly, not always."""
    for _ in range(5):
        follow_once(start, last_act)


def follow_once(start, last_act):
    with start() as program:
        kicker, _ = join(program)
        victim, number = join(program)
        program.stand_still()
        kicker.send(b"kick %d\n" % number)
        newcomer = Client(program)
        last_act(victim)
        program.go_on()
        kicker.expect_open()
        line = newcomer.receive(len(b"you are 3\n"))
        if line != b"you are 3\n":
            raise Wrong(f"the newcomer was told {line!r}", f"新しいクライアントに {line!r} と伝えました")
        newcomer.expect_open()


@LAB.behaviour(
    ("a newcomer stays when the one kicked before it had just said something",
     "追い出された者が直前に何か言っていても、新しいクライアントは追い出されない"),
    ("whom an event was for, and who has its descriptor by the time it is handled",
     "イベントが誰のものだったか、それを処理するとき、その記述子が誰のものか"))
def newcomer_after_words(start):
    let_one_follow(start, lambda victim: victim.send(b"but I\n"))


@LAB.behaviour(
    ("a newcomer stays when the one kicked before it had just vanished",
     "追い出された者の接続が直前に切れていても、新しいクライアントは追い出されない"),
    ("every kind of event that epoll_wait had in hand: print them, with their descriptors",
     "epoll_wait から受け取ったイベントのすべての種類。記述子とともに表示してみてください"))
def newcomer_after_reset(start):
    let_one_follow(start, lambda victim: victim.reset())


@LAB.behaviour(
    ("who is kicked is gone at once, and so is the descriptor",
     "追い出された者の接続はすぐに閉じられ、記述子も解放される"),
    ("`ls /proc/PID/fd` after a kick, while the one kicked keeps its end open",
     "追い出された側が接続を開いたままにしているときの `ls /proc/PID/fd`"))
def kicked_is_gone(start):
    with start() as program:
        kicker, _ = join(program)
        victims = [join(program) for _ in range(10)]
        for victim, number in victims:
            kicker.send(b"kick %d\n" % number)
            victim.expect_end()
        kicker.expect_open()
        kicker.close()
        program.expect_descriptors_free()


@LAB.behaviour(
    ("everybody else goes on talking, and the server sleeps in between",
     "ほかのクライアントはやりとりを続けられ、そのあいまにサーバーは眠っている"),
    ("what is watched, and what is not any more", "何が監視され、何がもう監視されていないか"))
def others_go_on(start):
    with start() as program:
        clients = [join(program) for _ in range(4)]
        for client, _ in clients:
            client.send(b"one\ntwo\n")
            client.expect(b"one\ntwo\n")
        clients[0][0].send(b"kick %d\n" % clients[1][1])
        clients[1][0].expect_end()
        clients[2][0].close()
        clients[3][0].expect_open()
        newcomer, _ = join(program)
        newcomer.expect_open()
        program.expect_idle("with everybody silent", "皆が黙っているとき")
