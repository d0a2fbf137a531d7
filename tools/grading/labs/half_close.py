from client import Client
from judging import Lab

LAB = Lab("half_close")
BIG = bytes(range(251)) * 64_000  # more than the kernel takes for one who does not read
SMALL_BUFFER = 64 * 1024  # the client's, in the kernel


def owed_client(program):
    """Has sent much, ended sending, and reads nothing yet."""
    client = Client(program, SMALL_BUFFER)
    client.send_in_background(BIG).join(1)  # a server may read no more than it can send back
    client.wait_for_input()
    return client


@LAB.behaviour(
    ("who ends sending, as `nc -N` does, still gets all that was sent back",
     "`nc -N` のように送信を終えた者にも、送った分がすべて返る"),
    ("what recv has just returned when the connection is closed, and what is owed at that moment",
     "接続を閉じるとき、その直前に recv が何を返したか、まだ送っていないものが何か"))
def all_that_is_owed(start):
    with start() as program:
        client = Client(program, SMALL_BUFFER)
        sending = client.send_in_background(BIG)
        sending.join(1)
        client.wait_for_input()
        if sending.is_alive():  # it takes no more before we read: that is allowed
            client.expect(BIG[:4_000_000])
            sending.join()
            client.end_sending()
            client.expect(BIG[4_000_000:])
        else:
            client.end_sending()
            program.wait_until_asleep()  # it has seen the end before anything is read
            client.expect(BIG)
        client.expect_end()


@LAB.behaviour(
    ("when all is sent back the server closes, and the descriptor is free",
     "すべてを返し終えるとサーバーは接続を閉じ、記述子が解放される"),
    ("who closes when the last byte is sent after the end of file, or when nothing was owed",
     "ファイルの終わりのあとで最後のバイトを送ったとき、または返すものがなかったとき、誰が閉じるか"))
def ends(start):
    with start() as program:
        for text in (b"", b"a few words\n"):
            client = Client(program)
            client.send(text)
            client.end_sending()
            client.expect(text)
            client.expect_end()
        program.expect_descriptors_free()


@LAB.behaviour(
    ("while a client that ended sending does not read, the server sleeps",
     "送信を終えた者がまだ読まないあいだ、サーバーは眠っている"),
    ("what poll says of a descriptor whose end of file was read already: `strace -p`",
     "ファイルの終わりを読んだ記述子について poll が何を返すか。`strace -p` で見えます"))
def sleeps(start):
    with start() as program:
        client = owed_client(program)
        client.end_sending()
        program.expect_idle("with a client that ended sending and does not read",
                            "送信を終えたクライアントが読まないあいだ")


@LAB.behaviour(
    ("others are served meanwhile", "そのあいだ、ほかのクライアントも応対される"),
    ("in which system call the server is meanwhile: `strace -p`",
     "そのときサーバーがどのシステムコールの中にいるか。`strace -p` で見えます"))
def others_served(start):
    with start() as program:
        client = owed_client(program)
        client.end_sending()
        program.wait_until_asleep()
        for _ in range(2):
            Client(program).expect_open()


@LAB.behaviour(
    ("who vanishes while something is owed leaves nothing behind",
     "返すものが残っている相手が消えても、何も残らない"),
    ("`ls /proc/PID/fd`, and what poll and send say of a connection that was reset",
     "`ls /proc/PID/fd` と、切れた接続について poll と send が返すもの"))
def vanishes(start):
    with start() as program:
        for end_first in (False, True):
            client = owed_client(program)
            if end_first:
                client.end_sending()
            client.reset()
        other = Client(program)
        other.expect_open()
        other.close()
        program.expect_descriptors_free()
