"""Work in a process of its own, which may die over a question and is then started again.

The worker is a copy of this process. It writes down each question before it asks it, and the
answer after it. When it dies, or the time of the work is over, the question under way is answered
by the reason, and a new worker does the same work again: the answers that are known are read and
not made, so that it soon is where the other one was. What a solver leaves behind after it ran out
of memory is not to be trusted, so a worker ends then, too.

A worker has a budget of memory, which no other process pays for. Nothing of it is shared but its
files: the result, and moments of progress, come back through a pipe.

Soundness: an answer that was written down was made by the same code from the same input: all that
work depends on is there before it begins, or is asked for through the journal. Each answer stands
beside its question, and a worker that asks another one is an error. An answer that was lost is
`unknown`.
"""

from __future__ import annotations

import faulthandler
import gc
import io
import os
import pickle
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Any, TypeVar

from splitspec.checker.interruption import Interruption
from splitspec.checker.parentage import end_with, is_orphan
from splitspec.checker.proof import Moment, ProofLimits
from splitspec.checker.symbolic.journal import OUT_OF_MEMORY, Answer, Journal
from splitspec.checker.symbolic.z3_solver import limit_memory

Result = TypeVar("Result")
Report = Callable[[Moment], None]
Work = Callable[[Journal, Report], Result]

LOSSES_MAX = 20
"""After so many lost workers nothing more is asked: each costs the work that is no question."""

TOO_LATE = "no answer in time"
MOMENTS_PAUSE = 0.1
POLL_SECONDS = 0.2
DATA = 5
"""The place in `statm` of the pages that hold data of the process's own."""
EXHAUSTED = 3
"""The exit code of a worker that had not enough memory."""
HEAD = 8
"""Bytes before a message, which say how long it is."""


class LostWorkerError(Exception):
    """A worker died while no question was under way: what it was doing has no answer."""


class StrayWorkerError(Exception):
    """A worker asked another question than the one before it: an error of this program."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A question is under way."""

    question: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A question that was never answered."""

    reason: str


@dataclass(frozen=True, slots=True)
class Answered:
    answer: Any


@dataclass(frozen=True, slots=True)
class Returned:
    """What the work returned."""

    value: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception of the work, with where it came from."""

    error: BaseException
    text: str


@dataclass(slots=True)
class Pages:
    """What was written down: questions and answers in turn, in a file that outlives its writers.

    The offset of the file belongs to its writers, of which there is one at a time.
    """

    file: IO[bytes]

    def write(self, page: Begun | Lost | Answered) -> None:
        """Append in one piece: a writer that is killed leaves whole pages."""
        os.write(self.file.fileno(), pickle.dumps(page, pickle.HIGHEST_PROTOCOL))

    @property
    def size(self) -> int:
        return os.fstat(self.file.fileno()).st_size

    def read(self) -> tuple[list[tuple[str, Lost | Answered]], bool]:
        """Return questions and answers in order, and whether one is open behind them."""
        answers: list[tuple[str, Lost | Answered]] = []
        question, is_open = "", False
        written = io.BytesIO(os.pread(self.file.fileno(), self.size, 0))
        while True:
            try:
                page = pickle.load(written)
            except EOFError:
                return answers, is_open
            is_open = isinstance(page, Begun)
            if isinstance(page, Begun):
                question = page.question
            else:
                answers.append((question, page))


@dataclass(slots=True)
class WrittenJournal(Journal):
    """Answers from what was written down; then asks, and writes down.

    The answers that are `known` stand in the opposite order; `parent` waits for the result.
    `refusal` is why nothing is asked any more, if so; `interrupted` ends the work at the first
    question that has no answer yet.
    """

    pages: Pages
    known: list[tuple[str, Lost | Answered]]
    parent: int
    refusal: str = ""
    interrupted: bool = False

    @property
    def is_known(self) -> bool:
        return bool(self.known)

    def ask(
        self, make: Callable[[], Answer], lost: Callable[[str], Answer], about: str = ""
    ) -> Answer:
        question = f"{about} by {_maker(make)}"
        if self.known:
            before, page = self.known.pop()
            if before != question:
                raise StrayWorkerError(f"asked {question}, where {before} was asked before")
            if isinstance(page, Lost):
                return lost(page.reason)
            answer: Answer = page.answer
            return answer
        if self.interrupted:
            raise KeyboardInterrupt
        if self.refusal:
            return lost(self.refusal)
        if is_orphan(self.parent):
            os._exit(1)  # Nobody waits for the result.
        self.pages.write(Begun(question))
        try:
            answer = make()
        except MemoryError:
            os._exit(EXHAUSTED)  # There may be no memory left to write this down.
        self.pages.write(Answered(answer))
        return answer


def _maker(make: Callable[[], object]) -> str:
    """Return the name of the function that makes an answer."""
    function = make.func if isinstance(make, partial) else make
    return getattr(function, "__qualname__", type(function).__qualname__)


def supervise(
    work: Work[Result],
    limits: ProofLimits,
    report: Report | None,
    interruption: Interruption | None = None,
) -> Result:
    """Return what the work returns, or raise what it raises; a worker that dies over a question is
    replaced.

    Ctrl-C, or an interruption that is requested, ends the work at the question under way: it sees
    `KeyboardInterrupt` there. Another Ctrl-C, while the work comes to its end, is raised here.
    Raise `LostWorkerError` where no question is to blame.
    """
    request = interruption or Interruption()
    losses, interrupted, started, refusal = 0, False, time.perf_counter(), ""
    with TemporaryFile(buffering=0) as file:
        pages = Pages(file)
        while True:
            known, _ = pages.read()
            journal = WrittenJournal(
                pages, known[::-1], os.getpid(), refusal, interrupted, started=started
            )
            worker = _Worker(work, journal, limits)
            try:
                ended = worker.follow(report, Interruption() if interrupted else request)
            except KeyboardInterrupt:
                worker.kill()
                if interrupted:
                    raise
                interrupted = True
                continue
            except BaseException:
                worker.kill()
                raise
            if isinstance(ended, Returned):
                value: Result = ended.value
                return value
            if isinstance(ended, Raised):
                raise ended.error from RuntimeError(f"in a worker:\n{ended.text}")
            losses += 1
            if ended.reason == TOO_LATE:
                refusal = TOO_LATE
            elif losses >= LOSSES_MAX:
                refusal = f"not asked: {losses} solvers were lost"
            after, is_open = pages.read()
            if is_open:
                pages.write(Lost(ended.reason))
            elif len(after) == len(known):
                raise LostWorkerError(f"the prover was lost: {ended.reason}")


class _Worker:
    """A copy of this process at work, seen from outside."""

    def __init__(self, work: Work[Any], journal: WrittenJournal, limits: ProofLimits) -> None:
        self._pages = journal.pages
        self._end = None if limits.time is None else journal.started + limits.time
        self._receiver, sender = os.pipe()
        # What is in a buffer now would be written twice.
        sys.stdout.flush()
        sys.stderr.flush()
        # An interruption waits until somebody is there to end the worker.
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._pid = os.fork()
        if self._pid == 0:
            try:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
                os.close(self._receiver)
                _serve(work, journal, limits, sender)
            finally:
                os._exit(1)
        os.close(sender)

    def follow(self, report: Report | None, interruption: Interruption) -> Returned | Raised | Lost:
        """Return how the worker ended, and report its moments meanwhile.

        Raise KeyboardInterrupt when an interruption is requested.
        """
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        received = bytearray()
        while True:
            if self._is_late(interruption):
                self.kill()
                return Lost(TOO_LATE)
            chunk = os.read(self._receiver, 2**16)
            if not chunk:
                return Lost(_words(self._reap()))
            received += chunk
            for message in _messages(received):
                if not isinstance(message, Moment):
                    self._reap()
                    return message
                if report is not None:
                    report(message)

    def _is_late(self, interruption: Interruption) -> bool:
        """Wait until the worker says something; whether the time is over, and a question open.

        A signal that comes just before one waits is seen only when the waiting ends, so it ends.
        """
        while not select.select([self._receiver], [], [], POLL_SECONDS)[0]:
            if interruption.requested:
                raise KeyboardInterrupt
            is_over = self._end is not None and time.perf_counter() > self._end
            if is_over and self._pages.read()[1]:
                return True
        return False

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        self._reap()

    def _reap(self) -> int:
        """Wait for the end, and return the status."""
        os.close(self._receiver)
        return os.waitpid(self._pid, 0)[1]


def _words(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"the solver died of {signal.Signals(os.WTERMSIG(status)).name}"
    if os.waitstatus_to_exitcode(status) == EXHAUSTED:
        return OUT_OF_MEMORY
    return f"the solver's process ended with {os.waitstatus_to_exitcode(status)}"


def _messages(received: bytearray) -> Iterator[Moment | Returned | Raised]:
    """Iterate over what has come whole, and take it away."""
    while len(received) >= HEAD and len(received) >= HEAD + int.from_bytes(received[:HEAD]):
        end = HEAD + int.from_bytes(received[:HEAD])
        yield pickle.loads(received[HEAD:end])
        del received[:end]


# In the worker


def _serve(work: Work[Any], journal: WrittenJournal, limits: ProofLimits, sender: int) -> None:
    """Do the work, and send what comes of it."""
    # Whoever started the worker decides what an interruption means, and says why it died.
    faulthandler.disable()
    end_with(journal.parent)
    gc.freeze()
    _limit(limits.memory)
    last = 0.0

    def tell(moment: Moment) -> None:
        nonlocal last
        if time.monotonic() - last >= MOMENTS_PAUSE:
            last = time.monotonic()
            _send(sender, moment)

    try:
        message: Returned | Raised = Returned(work(journal, tell))
    except MemoryError:
        os._exit(EXHAUSTED)
    except BaseException as error:
        message = Raised(error, traceback.format_exc())
    _send(sender, message)
    os._exit(0)


def _limit(memory: int) -> None:
    """Let this process grow by so many bytes. What it shares with the first one is not counted."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit_memory(memory)
    try:
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[DATA]) * resource.getpagesize()
    except OSError:
        return  # Where there is no such file, only Z3's own limit holds.
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = used + memory
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))


def _send(sender: int, message: Moment | Returned | Raised) -> None:
    try:
        content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, TypeError, AttributeError):
        if not isinstance(message, Raised):
            raise
        content = pickle.dumps(Raised(RuntimeError(repr(message.error)), message.text))
    left = memoryview(len(content).to_bytes(HEAD) + content)
    while left:
        left = left[os.write(sender, left) :]
