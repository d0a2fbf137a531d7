from client import Client
from judging import Lab

LAB = Lab("lost_edge")
TEXT = bytes(i % 251 for i in range(10000))


@LAB.behaviour(
    ("a client that sends 10000 bytes at once gets them all back",
     "10000 バイトを一度に送ったクライアントに、すべてが返る"),
    ("what is still in the kernel when the server waits again: Recv-Q of `ss -tn`",
     "サーバーがふたたび待つとき、カーネルに何が残っているか。`ss -tn` の Recv-Q です"))
def all_bytes(start):
    with start() as program:
        client = Client(program)
        client.send(TEXT)
        client.expect(TEXT)
        client.send(b"and now the end")
        client.end_sending()
        client.expect(b"and now the end")
        client.expect_end()


@LAB.behaviour(
    ("ten clients that come at the same moment are all served",
     "同時に来た 10 のクライアントが、すべて応対される"),
    ("how many connections one event of the listener can stand for: Recv-Q of `ss -tln`",
     "待ち受けソケットのイベント一つが、接続いくつを意味しうるか。`ss -tln` の Recv-Q です"))
def all_clients(start):
    with start() as program:
        program.stand_still()
        clients = [Client(program) for _ in range(10)]
        program.go_on()
        for client in clients:
            client.expect_open()


@LAB.behaviour(
    ("a client that says nothing keeps nobody waiting",
     "何も送らないクライアントがいても、ほかのクライアントは待たされない"),
    ("in which system call the server is meanwhile: `strace -p`",
     "そのときサーバーがどのシステムコールの中にいるか。`strace -p` で見えます"))
def silent_client(start):
    with start() as program:
        silent = Client(program)
        silent.expect_open()
        Client(program).expect_open()


@LAB.behaviour(
    ("with nothing to do the server sleeps", "することがないとき、サーバーは眠っている"),
    ("how often epoll_wait returns, and with what: `strace -c -p`",
     "epoll_wait が何回、何を返して戻るか。`strace -c -p` で数えられます"))
def sleeps(start):
    with start() as program:
        for _ in range(3):
            Client(program).expect_open()
        program.expect_idle("with three clients who say nothing",
                            "三つのクライアントが黙っているとき")


@LAB.behaviour(
    ("a client that leaves gives its descriptor back", "去ったクライアントの記述子は解放される"),
    ("`ls /proc/PID/fd`, before and after", "前後の `ls /proc/PID/fd`"))
def frees(start):
    with start() as program:
        for _ in range(20):
            client = Client(program)
            client.send(TEXT[:100])
            client.expect(TEXT[:100])
            client.close()
        program.expect_descriptors_free()
