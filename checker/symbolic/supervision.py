"""Work in a process of its own, which may die over a question and is then started again.

The worker is a copy of this process. It writes down each question before it asks it, and the
answer after it. When it dies, or the time of the work is over, the question under way is answered
by the reason, and a new worker does the same work again: the answers that are known are read and
not made, so that it soon is where the other one was. What a solver leaves behind after it ran out
of memory is not to be trusted, so a worker ends then, too.
A worker has its own budget of memory. It shares its files alone: the rest comes through a pipe.

Work may have a part of it done beside the rest, with questions of its own: by another worker, which
the first one follows as it is followed itself. Whoever ends has those ended whom it started, and is
replaced when they are gone.

Soundness: an answer that was written down was made by the same code from the same input: all that
work depends on is there before it begins, or is asked for through the journal. Each answer stands
beside its question, and a worker that asks another one is an error. An answer that was lost is
`unknown`, and so is one to what was not asked any more: that is written down, too.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import pickle
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from tempfile import TemporaryFile
from typing import Any, Generic, TypeVar

from splitspec.checker.interruption import Interruption
from splitspec.checker.parentage import end_with, is_orphan
from splitspec.checker.proof import Moment, ProofLimits
from splitspec.checker.symbolic.journal import OUT_OF_MEMORY, Answer, Journal
from splitspec.checker.symbolic.pages import Answered, Begun, Known, Lost, Pages, Refused
from splitspec.checker.symbolic.z3_solver import limit_memory
from splitspec.model.frozen import frozen

Result = TypeVar("Result")
Report = Callable[[Moment], None]
Work = Callable[[Journal, Report], Result]

LOSSES_MAX = 20
"""After so many lost workers nothing more is asked: each costs the work that is no question."""

BESIDE_MAX = 4
"""So many parts of the work may be done beside the rest, one after the other."""

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


@frozen
class Returned:
    """What the work returned."""

    value: Any


@frozen
class Raised:
    """An exception of the work, with where it came from."""

    error: BaseException
    text: str


@dataclass(slots=True)
class WrittenJournal(Journal):
    """Answers from what was written down; then asks, and writes down.

    The answers that are `known` stand in the opposite order; `parent` waits for the result.
    `refusal` is why nothing is asked any more, if so; `interrupted` ends the work at the first
    question that has no answer yet. `others` are the pages of work that may go on beside this.
    """

    pages: Pages
    known: Known
    parent: int
    limits: ProofLimits
    refusal: str = ""
    interrupted: bool = False
    others: list[Pages] = field(default_factory=list)

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
            if isinstance(page, Lost | Refused):
                return lost(page.reason)
            answer: Answer = page.answer
            return answer
        if self.interrupted:
            raise KeyboardInterrupt
        if self.refusal:
            self.pages.write(Begun(question))
            self.pages.write(Refused(self.refusal))
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

    def beside(self, work: Callable[[Journal], Result]) -> Callable[[], Result]:
        """Have the work begun by a worker of its own, if there may be another one."""
        if not self.others:
            return partial(work, self)
        other = _Supervision(
            lambda journal, _: work(journal), self.limits, self.others.pop(0), self.started
        )
        if self.refusal or self.interrupted:  # Nothing is asked that is not known.
            return partial(work, other.journal(self.refusal, interrupted=self.interrupted))
        other.begin()
        return partial(other.result, None, Interruption())


def _maker(make: Callable[[], object]) -> str:
    """Return the name of the function that makes an answer."""
    function = make.func if isinstance(make, partial) else make
    return getattr(function, "__qualname__", type(function).__qualname__)


def supervise(
    work: Work[Result],
    limits: ProofLimits,
    report: Report | None,
    interruption: Interruption | None = None,
    *,
    workers: int = 1,
) -> Result:
    """Return what the work returns, or raise what it raises; a worker that dies over a question is
    replaced. With more than one of the `workers`, parts of the work may be done beside the rest.

    Ctrl-C, or an interruption that is requested, ends the work at the question under way: it sees
    `KeyboardInterrupt` there. Another Ctrl-C, while the work comes to its end, is raised here.
    Raise `LostWorkerError` where no question is to blame.
    """
    with ExitStack() as files:
        first, *others = (
            Pages(files.enter_context(TemporaryFile(buffering=0)))
            for _ in range(1 + (BESIDE_MAX if workers > 1 else 0))
        )
        supervision = _Supervision(work, limits, first, time.perf_counter(), others)
        supervision.begin()
        return supervision.result(report, interruption or Interruption())


class _Supervision(Generic[Result]):
    """Work that one worker does after the other, as far as they are lost."""

    def __init__(
        self,
        work: Work[Result],
        limits: ProofLimits,
        pages: Pages,
        started: float,
        others: Iterable[Pages] = (),
    ) -> None:
        self._work, self._limits, self._started = work, limits, started
        self._pages, self._others, self._interrupted = pages, tuple(others), False
        self._losses, self._refusal = pages.losses()  # Another one may have begun.

    def journal(self, refusal: str, *, interrupted: bool) -> WrittenJournal:
        """Return the journal of who goes on with the work in this process, or in a copy of it."""
        return WrittenJournal(
            self._pages,
            self._pages.reopen()[::-1],
            os.getpid(),
            self._limits,
            refusal or self._refusal,
            interrupted,
            list(self._others),
            started=self._started,
        )

    def begin(self) -> None:
        """Start a worker, which does not wait until somebody asks for the result."""
        journal = self.journal(self._refusal, interrupted=self._interrupted)
        self._known = len(journal.known)
        self._worker = _Worker(self._work, journal)

    def result(self, report: Report | None, request: Interruption) -> Result:
        """Return what the work comes to, and begin it again as often as a worker is lost."""
        while True:
            try:
                ended = self._worker.follow(
                    report, Interruption() if self._interrupted else request
                )
            except KeyboardInterrupt:
                self._worker.kill()
                if self._interrupted:
                    raise
                self._interrupted = True
                self.begin()
                continue
            except BaseException:
                self._worker.kill()
                raise
            if isinstance(ended, Returned):
                value: Result = ended.value
                return value
            if isinstance(ended, Raised):
                raise ended.error from RuntimeError(f"in a worker:\n{ended.text}")
            self._note(ended)
            self.begin()

    def _note(self, loss: Lost) -> None:
        """Take note of a lost worker; raise `LostWorkerError` if no question is to blame."""
        self._losses += 1
        if loss.reason == TOO_LATE:
            self._refusal = TOO_LATE
        elif self._losses >= LOSSES_MAX:
            self._refusal = f"not asked: {self._losses} solvers were lost"
        known, is_open = self._pages.read()
        if is_open:
            self._pages.reopen()
            self._pages.write(loss)
        elif len(known) == self._known:
            raise LostWorkerError(f"the prover was lost: {loss.reason}")


class _Worker:
    """A copy of this process at work, seen from outside."""

    def __init__(self, work: Work[Any], journal: WrittenJournal) -> None:
        limits = journal.limits
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
                _serve(work, journal, sender)
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
        """Wait for the end, also of those whom the worker started, and return the status.

        They hold the other end of the pipe as well, and what they do stands on pages of ours.
        """
        while os.read(self._receiver, 2**16):
            pass
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


def _serve(work: Work[Any], journal: WrittenJournal, sender: int) -> None:
    """Do the work, and send what comes of it."""
    # Whoever started the worker decides what an interruption means, and says why it died.
    faulthandler.disable()
    end_with(journal.parent)
    gc.freeze()
    _limit(journal.limits.memory)
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
