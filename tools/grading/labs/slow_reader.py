from client import Client
from judging import Lab
from words import Wrong

LAB = Lab("slow_reader", with_bunshin=True)
WIDTH = 4096
MUCH = 12_000  # lines: 48 MiB
LITTLE = 256  # lines: 1 MiB
MOST_MEMORY = 24 << 20
SMALL_BUFFER = 64 * 1024  # of the one who does not read


def line(number):
    return b"%08d" % number + b"." * (WIDTH - 9) + b"\n"


def room(program):
    """One who speaks, one who listens, and one who does not read."""
    slow = Client(program, SMALL_BUFFER)
    slow.send(b"me\n")
    slow.expect(b"me\n")
    speaker, listener = Client(program), Client(program)
    listener.send(b"you\n")
    for member in (speaker, listener, slow):
        member.expect(b"you\n")
    return speaker, listener, slow


def speak(speaker, listener, count, begin=0):
    """The speaker reads all that comes back before it says more; the listener does as well."""
    step = 64
    for first in range(begin, begin + count, step):
        lines = b"".join(line(number) for number in range(first, first + step))
        speaker.send(lines)
        speaker.expect(lines)
        listener.expect(lines)


@LAB.behaviour(
    ("while one does not read, the server's memory stays within bounds",
     "読まないクライアントがいても、サーバーのメモリーは際限なく増えない"),
    ("how much is kept for whom, and what bounds it: VmRSS in /proc/PID/status",
     "誰のためにどれだけ取ってあるか、その限度は何か。/proc/PID/status の VmRSS です"))
def bounded(start):
    with start() as program:
        speaker, listener, _ = room(program)
        before = program.memory()
        speak(speaker, listener, MUCH)
        if (more := program.memory() - before) > MOST_MEMORY:
            raise Wrong(f"after 48 MiB of talk it holds {more >> 20} MiB more than before",
                        f"48 MiB の会話のあと、メモリーが {more >> 20} MiB 増えました")


@LAB.behaviour(
    ("whoever reads gets every line at once, whoever else does not read",
     "読んでいる者には、ほかに読まない者がいても、すべての行がすぐ届く"),
    ("who is kept waiting by what is done about the one who does not read",
     "読まない者への手当てが、誰を待たせているか"))
def others_hear(start):
    with start() as program:
        speaker, listener, _ = room(program)
        speak(speaker, listener, MUCH)


@LAB.behaviour(
    ("one that is a mebibyte behind, and reads then, misses nothing",
     "1 MiB 遅れているだけの者は、あとから読めば何も失わない"),
    ("how far behind somebody may be before anything is done about it",
     "どれだけ遅れたら手当てをするのか、その境目"))
def patience(start):
    with start() as program:
        speaker, listener, slow = room(program)
        speak(speaker, listener, LITTLE)
        slow.expect(b"".join(line(number) for number in range(LITTLE)))
        speaker.send(b"still there?\n")
        slow.expect(b"still there?\n")


@LAB.behaviour(
    ("who reads late gets lines without a gap, up to the end of the connection if need be",
     "遅れて読む者に届く行に、抜けはない（途中で接続が終わるのはかまわない）"),
    ("the numbers of the lines that one who was slow gets in the end",
     "遅れた者が最後に受け取る行の番号"))
def no_gap(start):
    with start() as program:
        speaker, listener, slow = room(program)
        speak(speaker, listener, 4096)
        got = slow.receive_what_is_there()
        speak(speaker, listener, 64, begin=4096)  # it is not behind any more
        speaker.close()
        listener.close()
        slow.end_sending()
        got += slow.receive_rest()
        for number, at in enumerate(range(0, len(got) - WIDTH + 1, WIDTH)):
            if got[at:at + WIDTH] != line(number):
                raise Wrong(f"after line {number - 1} it got {got[at:at + 8]!r}",
                            f"{number - 1} 行目の次に {got[at:at + 8]!r} が届きました")
