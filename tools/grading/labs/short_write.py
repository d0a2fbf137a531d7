from client import Client
from judging import Lab

LAB = Lab("short_write")
BIG = 12_000_000  # more than the kernel takes for one who does not read
PERIOD = bytes(range(251))


def pattern(size):
    return (PERIOD * (size // len(PERIOD) + 1))[:size]


def stuck_client(program):
    """Has asked for more than the kernel takes, and does not read."""
    client = Client(program)
    client.send(b"%d\n" % BIG)
    client.wait_for_input()
    return client


@LAB.behaviour(
    ("who asks for 12000000 bytes gets them all, however late the reading begins",
     "12000000 バイトを求めたクライアントは、読み始めが遅くてもすべてを受け取る"),
    ("what send returned, beside what it was asked to send: `strace -e trace=network`",
     "send に頼んだ量と、send が返した値。`strace -e trace=network` で見えます"))
def whole_answer(start):
    with start() as program:
        client = stuck_client(program)
        client.expect(pattern(BIG))


@LAB.behaviour(
    ("two questions that come together are answered in full, one after the other",
     "まとめて届いた二つの問いに、順に、それぞれ最後まで答える"),
    ("where the second answer goes while a part of the first is still to be sent",
     "一つ目の答えがまだ残っているとき、二つ目の答えがどこへ行くか"))
def in_order(start):
    with start() as program:
        client = Client(program)
        client.send(b"%d\n1000\n" % BIG)
        client.wait_for_input()
        program.stand_still()
        began = client.receive_what_is_there()
        client.send(b"700\n")  # for the server this comes together with room to send
        program.go_on()
        client.expect((pattern(BIG) + pattern(1000))[len(began):])
        client.expect(pattern(700))


@LAB.behaviour(
    ("one who does not read keeps nobody waiting",
     "読まないクライアントがいても、ほかのクライアントは待たされない"),
    ("in which lines the server is while that one does not read: gdb, or `strace -p`",
     "そのあいだサーバーがどの行にいるか。gdb か `strace -p` で見えます"))
def others_served(start):
    with start() as program:
        stuck_client(program)
        other = Client(program)
        other.send(b"1000\n")
        other.expect(pattern(1000))


@LAB.behaviour(
    ("while one does not read, and when all is sent, the server sleeps",
     "読まないクライアントを待つあいだも、すべて送り終えたあとも、サーバーは眠っている"),
    ("what poll is asked for, and when it is true: `strace -c -p`",
     "poll に何を頼み、それがいつ成り立つか。`strace -c -p` で見えます"))
def sleeps(start):
    with start() as program:
        content = Client(program)
        content.send(b"1000\n")
        content.expect(pattern(1000))
        program.expect_idle("with all that is due sent", "送るべきものをすべて送ったあと")
        stuck_client(program)
        program.expect_idle("with a client that does not read", "クライアントが読まないあいだ")


@LAB.behaviour(
    ("who leaves in the middle of an answer does not take the server along",
     "答えの途中でクライアントが去っても、サーバーは続く"),
    ("what send returns for one who is gone, and who closes the descriptor then",
     "去った相手への send が何を返すか、そのとき記述子を閉じるのは誰か"))
def lives(start):
    with start() as program:
        for _ in range(5):
            stuck_client(program).reset()
        other = Client(program)
        other.send(b"1000\n")
        other.expect(pattern(1000))
        other.close()
        program.expect_descriptors_free()
