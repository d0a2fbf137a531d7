"""Behaviours of a lab: each is judged on a program of its own, all at the same time."""

from concurrent.futures import ThreadPoolExecutor

from program import Program
from words import Unfit, Words, Wrong


class Behaviour:
    def __init__(self, name, function, should, look):
        self.name = name
        self.function = function
        self.should = should  # what has to be, in Words
        self.look = look  # where to look when it is not


class Lab:
    """A lab and what is judged of it. `behaviour` decorates a function that takes a `start`, which
    starts the program (see Program), and raises Wrong."""

    def __init__(self, name, with_bunshin=False):
        self.name = name
        self.with_bunshin = with_bunshin
        self.behaviours = []

    def behaviour(self, should, look):
        def register(function):
            self.behaviours.append(
                Behaviour(function.__name__, function, Words(*should), Words(*look)))
            return function
        return register

    def judge(self, command, folder, deadline):
        """(behaviour, what was seen instead, or None) for each. Raises Unfit."""
        def start(*arguments, descriptors=None):
            return Program(command, folder, deadline, arguments, descriptors)

        def run(behaviour):
            try:
                behaviour.function(start)
            except (Wrong, Unfit) as found:
                return found
            except OSError as error:
                return Wrong(f"the connection failed: {error.strerror}",
                             f"接続が失敗しました: {error.strerror}")
            return None

        with ThreadPoolExecutor(len(self.behaviours)) as pool:
            found = list(pool.map(run, self.behaviours))
        for one in found:
            if isinstance(one, Unfit):
                raise one
        return [(behaviour, one and one.seen) for behaviour, one in zip(self.behaviours, found)]
