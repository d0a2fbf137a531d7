"""Plays one case and judges what came of it."""

import os
import re
import signal
import tempfile
import time

from cases import END, PEER, UNSEEN
from commands import COMMANDS
from peers import HOPELESS, PATIENCE
from program import Hang, Preloaded, Traced

ASKED_FIRST = ("sendto", "poll")  # of a standard stream: is it a socket, is there room?
CALM = 0.2      # seconds in which nobody asks anything
SPINNING = 0.3  # of a processor meanwhile
ENDING = 6      # seconds: five to finish what is owed, and some more
UNHARMED = 1    # second: no run of those that are measured takes longer, where nobody else works


class Verdict:
    def __init__(self):
        self.faults = []   # why the case failed
        self.hits = 0
        self.outcome = ""  # one word
        self.unannounced = False
        self.seconds = 0.0
        self.log = ""


def _told(command, program):
    """Whether it logged anything but what it logs when nothing fails."""
    return any(line.strip() and not (command.usual and re.search(command.usual, line))
               for line in bytes(program.errors).splitlines())


def _spoils_output(case):
    """Of what it says that it serves, on standard output or error."""
    return case.phase == "start" and (case.target in ("stdout", "stderr") or case.call in ASKED_FIRST)


def _judge_waiting(case, command, program, verdict):
    """It did not come so far that it serves, and goes on."""
    if _spoils_output(case):
        verdict.unannounced = True  # it may well serve
    elif case.passes or not _told(command, program):
        verdict.faults.append("neither serves nor ends")


def _play(case, command, program, verdict, slowness):
    """Returns its status."""
    if command.ready(program):
        command.play(program)
    elif not program.wait_end(slowness):
        _judge_waiting(case, command, program, verdict)
    if not program.ended() and command.server:
        _look_for_spin(program, verdict)
    if not program.ended() and command.server:
        program.signal(signal.SIGTERM)
    try:
        return program.wait(ENDING * slowness)
    except Hang:
        verdict.faults.append("does not end")
        return -signal.SIGKILL


def _look_for_spin(program, verdict):
    """A second look, since the first may have met what was still under way."""
    if program.busy(CALM) > SPINNING and (share := program.busy(3 * CALM)) > SPINNING:
        verdict.faults.append(f"spins: {100 * share:.0f} % of a processor while nothing happens")


def _judge(case, command, status, program, verdict):
    faults = verdict.faults
    lost = [side for side in command.sides if not side.whole]
    for side in command.sides:
        if side.wrong:
            faults.append(f"{side.name} received what nobody sent: {side.got[:40]!r}")
    if status < 0 and not faults:
        faults.append(f"died of {signal.Signals(-status).name}")
    failed = status != 0
    verdict.outcome = ("ended" if failed and command.server else "failed" if failed else
                       "lost" if lost or verdict.unannounced else "unseen")
    told = _told(command, program)
    can_tell = case.target != "stderr" and not (case.when == "all" and case.call in ASKED_FIRST)
    if case.phase == "start":
        if not failed and lost and case.passes and not told:
            faults.append("something was lost in silence")
    elif case.passes:
        _judge_passing(case, command, program, lost, failed, faults)
    if failed and not told and can_tell:
        faults.append(f"ended with {status}, in silence")
    if lost and not failed and not told and can_tell and case.may_cost != PEER:
        faults.append(f"lost in silence: {', '.join(side.name for side in lost)}")
    if lost and not failed and not command.server:
        faults.append("status 0, and the result is not whole")


def _judge_passing(case, command, program, lost, failed, faults):
    if case.may_cost == UNSEEN and (lost or failed):
        faults.append("a failure that passes was not passed over: "
                      + (", ".join(side.name for side in lost) or "the end"))
    if case.may_cost == END or case.call in command.vital or not command.server:
        return
    if failed and not (case.target == "stdout" and _told(command, program)):
        faults.append("one failure ended the service")  # output that is lost makes the status not 0
    elif len(lost) > 1:
        faults.append(f"more than one was lost: {', '.join(side.name for side in lost)}")


def _run(options, command, engine, folder, case=None, of_ring=False):
    arguments = [options.binary, *command.arguments(), "--engine", engine]
    trace = os.path.join(folder, "trace")
    if of_ring:
        return Preloaded(arguments, trace, options.uring_faults, case)
    return Traced(arguments, trace, case, command.line)


def play(options, case):
    """The verdict on a case; a driver that failed has not shown anything."""
    verdict = Verdict()
    try:
        _play_and_judge(options, case, verdict)
    except Exception as error:  # whatever it is, the other cases go on
        verdict.faults.append(f"the driver failed: {error!r}")
    return verdict


def _play_and_judge(options, case, verdict):
    patience = (PATIENCE if case.passes else HOPELESS) * options.slowness
    command = COMMANDS[case.command](patience)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        program = _run(options, command, case.engine, folder, case, case.of_ring)
        try:
            status = _play(case, command, program, verdict, options.slowness)
            _judge(case, command, status, program, verdict)
            verdict.hits = program.hits()
            verdict.log = program.errors.decode(errors="replace")
            if not verdict.hits:
                verdict.outcome = "not reached"
        finally:
            program.close()
            command.close()
    verdict.seconds = time.monotonic() - began


def _first_and_last(names, offset):
    """For each call that is made, which of its name are the first and the last of them."""
    counts, found = {}, {}
    for index, name in enumerate(names):
        counts[name] = counts.get(name, 0) + 1
        if index >= offset:
            first, _ = found.get(name, (counts[name], None))
            found[name] = (first, counts[name])
    return found


def measure(options, name, engine):
    """Unharmed runs: which calls are made to set up, and which after that; and how slow this was."""
    began = time.monotonic()
    start, steady = _measure(options, name, engine, False)
    slowness = (time.monotonic() - began) / UNHARMED
    if engine == "io_uring":
        of_ring = _measure(options, name, engine, True)
        start, steady = start | of_ring[0], steady | of_ring[1]
    return start, steady, slowness


def _measure(options, name, engine, of_ring):
    command = COMMANDS[name](5 * PATIENCE)
    with tempfile.TemporaryDirectory() as folder:
        program = _run(options, command, engine, folder, of_ring=of_ring)
        try:
            verdict = Verdict()
            if not command.ready(program):
                program.kill()
                raise RuntimeError(f"{name} on {engine} does not serve unharmed: "
                                   f"{bytes(program.errors)!r}")
            made, loaded = program.calls()
            status = _play_rest(command, program, verdict)
            calls, _ = program.calls()
            lost = [side.name for side in command.sides if not side.whole]
            if status != 0 or lost or verdict.faults or not calls:
                raise RuntimeError(f"{name} on {engine}, unharmed: status {status}, not whole: {lost}, "
                                   f"{verdict.faults}, {bytes(program.errors)!r}")
        finally:
            program.close()
            command.close()
    return _first_and_last(made, loaded), _first_and_last(calls, len(made))


def _play_rest(command, program, verdict):
    command.play(program)
    if command.server:
        _look_for_spin(program, verdict)
        program.signal(signal.SIGTERM)
    return program.wait(5 * ENDING)
