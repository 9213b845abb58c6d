"""Module `io` in the machine: the gate of the library OS, and the page that it shares.

The shared length is read from the page as the host sees it, the copied one from the private copy.
A function's buffer ends where a page ends, and the next page is empty, until a reply is longer than
there was room for. Descriptors of a container's own are a leaf of its image and a socket that its
shadow opened for it; the shadow's own is a number that it opened for nobody.
"""

from __future__ import annotations

from functools import partial
from socket import socket
from typing import Any

from splitspec.impl.delegation.mailbox import REPLIES, Message, Operation, stated_length
from splitspec.impl.delegation.rootfs import plant
from splitspec.impl.geometry import PAGE
from splitspec.impl.host.delegate import EBADF, EIO, ENOENT, Delegate
from splitspec.impl.libos.calls import CALLS, Treatment
from splitspec.impl.libos.gate import Stage
from splitspec.impl.machine import PlatformKind
from splitspec.impl.refusal import HostRefusal, Refusal
from splitspec.refinement.machine.fragment import Function, reason
from splitspec.refinement.machine.library import Library
from splitspec.refinement.machine.testbed import undo
from splitspec.refinement.mapping import Implementation, InexpressibleError

IMAGE = plant((b"{}", b"block"))
LEAF, STRANGER = 1, 10**6  # a block of the image; the shadow's own control of the VM
# For each class of the model, a system call of it, and what the shadow is asked to do.
ASKED = {
    "filesystem": ("read", Operation.BLOCK),
    "network": ("recvfrom", Operation.RECEIVE),
    "event": ("epoll_pwait", Operation.POLL),
    "miscellany": ("clock_gettime", Operation.TIME),
    "memory": ("mmap", 0),
    "sync": ("futex", 0),
    "thread": ("clone", 0),
    "dummy": ("getuid", 0),
}
CLASSES = {name: class_ for class_, (name, _) in ASKED.items()}
STAGES = {
    Stage.PENDING: "pending",
    Stage.FETCHED: "fetched",
    Stage.CHECKED: "checked",
    Stage.DONE: "idle",
}
GUARDS = {
    "request": {"request idle": "idle", "request delegable": "delegable"},
    "fetch": {"fetch pending": "waiting"},
    "check": {"check fetched": "fetched", "check bounded": "bounded"},
    "refuse": {"refuse fetched": "fetched", "refuse absurd": "absurd"},
    "use": {"use checked": "checked"},
}
HONEST_GUARDS = {
    "serve": {"serve known": "known"},
    "reply": {"reply fitting": "fitting"},
}
KNOWN = "the library finds the length in the copy itself"
LEFT_OUT = {
    "fetch.there": "the page always has some length in it",
    "check.private": KNOWN,
    "refuse.private": KNOWN,
    "use.private": KNOWN,
}
UNASKED = "a shadow that is asked for nothing does nothing"


class Source(Delegate):
    """A shadow to which the world outside gives as many bytes as the model says."""

    def __init__(self, length: int) -> None:
        super().__init__(IMAGE)
        self.length = length

    def _serve(self, request: Message) -> Message:
        return Message(request.operation, self.length, b"\xaa" * self.length)


class Calls(Library):
    """Containers with a socket each, an image of one block, and a buffer."""

    def __init__(self, containers: int, kind: PlatformKind) -> None:
        super().__init__(containers, kind, dict.fromkeys(range(containers), IMAGE))
        self.ends: list[int] = []
        self.sockets: list[int] = []
        self.peers: list[socket] = []  # which say nothing
        for c, instance in enumerate(self.instances):
            self.machine.kernel.state.secrets[c] = b"secret"
            self.ends.append(self.buffers(c, 2) + PAGE)
            far = instance.delegate.offer("peer")
            number = instance.process.connect("peer")
            self.sockets.append(instance.process.sockets.table[number].host_number)
            self.peers.append(far)
            instance.delegate.patience = 0.0
        self.begin()

    def own(self, c: int, operation: int) -> int:
        """Return a descriptor of the container's own."""
        return LEAF if operation == Operation.BLOCK else self.sockets[c]


def io(kind: PlatformKind, *, honest: bool, containers: int = 1) -> Implementation[Calls]:
    """Return the mapping to `io`."""
    actions: dict[str, Function] = {
        "request": request,
        "serve": serve if honest else overlook,
        "reply": supply if honest else reply,
        "fetch": lambda calls, c: calls.instances[c].gate.fetch(),
        "check": lambda calls, c: calls.instances[c].gate.check(),
        "refuse": lambda calls, c: calls.instances[c].gate.refuse(),
        "use": use,
    }
    left_out = LEFT_OUT | ({"serve.waiting": UNASKED, "reply.waiting": UNASKED} if honest else {})
    guards = GUARDS | (HONEST_GUARDS if honest else {})
    return Implementation(
        name=f"impl on {kind.value}",
        model="io",
        create=partial(Calls, containers, kind),
        observe=observe,
        actions=actions,
        refusal=Refusal,
        reason=reason,
        guards=guards,
        elements={"Container": range(containers)},
        given=("host",) if honest else (),
        sizes={"Container": containers},
        left_out=left_out,
        compared=("stage", "call", "target", "wanted", "cell", "copy"),
        undo=undo(),
    )


def observe(calls: Calls) -> dict[str, Any]:
    """Return what was asked, what is in the shared page, and what was copied."""
    latest, containers = calls.latest(), range(len(calls.instances))
    return {
        "stage": {c: STAGES[call.stage] for c, call in latest.items()},
        "call": {c: CLASSES[call.name] for c, call in latest.items()},
        "target": {c: _target(calls, c, call.request) for c, call in latest.items()},
        "wanted": {c: call.request.room for c, call in latest.items()},
        "cell": {c: stated_length(calls.shared(c)[REPLIES:]) for c in containers},
        "copy": {c: stated_length(call.copy) for c, call in latest.items()},
        "overrun": {c for c, end in enumerate(calls.ends) if _is_overrun(calls, c, end)},
        "steered": {c for what, c in calls.happened if what == "steered"},
        "confused": {c for what, c in calls.happened if what == "confused"},
    }


def _target(calls: Calls, c: int, asked: Message) -> str:
    return "opened" if _named(asked) == calls.own(c, asked.operation) else "machine"


def _named(asked: Message) -> int:
    """Return the descriptor that a request names."""
    is_list = asked.operation == Operation.POLL
    return int.from_bytes(asked.data, "big") if is_list else asked.number


def _is_overrun(calls: Calls, c: int, end: int) -> bool:
    return calls.instances[c].load(end, 8) != bytes(8)


def request(calls: Calls, c: int, k: str, n: int, t: str) -> None:
    """The library puts a request before the host."""
    name, operation = ASKED[k]
    if k == "miscellany" and t == "machine":
        raise InexpressibleError("who asks for the time names no descriptor")
    number = calls.own(c, operation) if t == "opened" else STRANGER
    is_list = operation == Operation.POLL
    asked = Message(operation, data=number.to_bytes(4, "big"))
    asked = asked if is_list else Message(operation, number)
    calls.instances[c].gate.request(name, asked, n)


def serve(calls: Calls, c: int) -> None:
    """The shadow makes the call; one that it must not make it answers with an error."""
    calls.check_asked(c)
    asked = calls.request(c)
    answer = calls.instances[c].delegate.serve(asked)
    if answer.number in ERRORS:
        raise HostRefusal("serve", "known", f"error {-answer.number}")
    if _target(calls, c, asked) == "machine":
        calls.happened["confused", c] = True


# No such leaf, no such operation, no such descriptor. Another error is what the call has said.
ERRORS = (-ENOENT, -EIO, -EBADF)


def overlook(calls: Calls, c: int) -> None:
    """What a hostile host does with its own descriptors is not seen in the machine."""


def supply(calls: Calls, c: int, n: int) -> None:
    """The shadow answers with what the world outside gives it, if there is room for it."""
    calls.check_asked(c)
    asked, honest = calls.request(c), calls.instances[c].delegate
    is_time = asked.operation == Operation.TIME
    if is_time and n:
        raise InexpressibleError("the time is a number, and comes in no bytes")
    answer = (honest if is_time else Source(n)).serve(asked)
    if answer.number < 0 or len(answer.data) != n:
        raise HostRefusal("reply", "fitting", f"{n} bytes do not fit")
    calls.write(c, answer)


def reply(calls: Calls, c: int, n: int) -> None:
    """A hostile host writes what it likes, when it likes."""
    calls.write(c, Message(Operation.BLOCK, n, b"\xaa" * n))


def use(calls: Calls, c: int) -> None:
    """The library fills the function's buffer, and the call returns."""
    instance = calls.instances[c]
    data, call = instance.gate.use().data, calls.latest()[c]
    instance.store(calls.ends[c] - call.request.room, data)
    _, treatment = CALLS[call.name]
    if treatment is Treatment.INSIDE:
        calls.happened["steered", c] = True
