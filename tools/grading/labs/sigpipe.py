from client import Client
from judging import Lab

LAB = Lab("sigpipe")
GREETING = b"welcome\nsay something\n"


def join(program):
    client = Client(program)
    client.expect(GREETING)
    return client


@LAB.behaviour(
    ("a listener that vanishes while others speak does not end the server",
     "誰かが話しているあいだに聞き手が消えても、サーバーは終わらない"),
    ("how the program ended (the shell tells the signal), and in which call: `strace -f`",
     "プログラムがどう終わったか（シグナルの名前）と、どの呼び出しの中でか。`strace -f` で見えます"))
def survives_listener(start):
    with start() as program:
        speaker, listener = join(program), join(program)
        program.stand_still()
        speaker.send(b"one\ntwo\nthree\n")
        listener.reset()
        program.go_on()
        speaker.expect(b"one\ntwo\nthree\n")


@LAB.behaviour(
    ("a client that is gone before it was greeted does not end the server",
     "あいさつの前に消えたクライアントがいても、サーバーは終わらない"),
    ("every place that writes to a client", "クライアントへ書くすべての場所"))
def survives_greeting(start):
    with start() as program:
        program.stand_still()
        for _ in range(3):
            Client(program).reset()
        program.go_on()
        join(program).close()
        program.expect_descriptors_free()


@LAB.behaviour(
    ("whoever stays gets every line, whoever else vanishes",
     "残った者は、ほかの誰が消えても、すべての行を受け取る"),
    ("what becomes of the rest of the list when one of its members is gone",
     "一覧の一人が消えたとき、一覧の残りの人がどうなるか"))
def others_hear(start):
    with start() as program:
        members = [join(program) for _ in range(8)]
        speaker = members[0]
        program.stand_still()
        speaker.send(b"one\ntwo\nthree\n")
        for gone in members[1:7:2]:
            gone.reset()
        program.go_on()
        for member in (speaker, *members[2:7:2], members[7]):
            member.expect(b"one\ntwo\nthree\n")
        speaker.send(b"four\n")
        members[7].expect(b"four\n")


@LAB.behaviour(
    ("those who vanished leave neither descriptors nor work behind",
     "消えた者は、記述子も仕事も残さない"),
    ("`ls /proc/PID/fd`, and what poll says of a connection that was reset",
     "`ls /proc/PID/fd` と、切れた接続について poll が返すもの"))
def frees(start):
    with start() as program:
        speaker = join(program)
        for _ in range(10):
            gone = join(program)
            program.stand_still()
            speaker.send(b"hello\n")
            gone.reset()
            program.go_on()
            speaker.expect(b"hello\n")
        program.expect_idle("with those gone", "皆が去ったあと")
        speaker.close()
        program.expect_descriptors_free()
