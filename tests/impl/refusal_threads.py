"""A case for every guard of threads: a situation, the guard, and the call."""

from __future__ import annotations

from tests.impl.refusal_scenes import (
    Call,
    Setup,
    lagging,
    leaving,
    parked,
    tenants,
    together,
    trapped,
)
from tests.impl.refusal_steps import entered, spawned, stopped, timed, waiting

THREADS: list[tuple[Setup, str, Call]] = [
    (together, "same_container", lambda s: s.machine.kernel.threads.bind(s.first.vcpu, 2)),
    (leaving, "running", lambda s: s.machine.kernel.threads.spawn(0, 5)),
    (tenants, "number", lambda s: s.machine.kernel.threads.spawn(0, 0)),
    (tenants, "unused", lambda s: s.machine.kernel.threads.spawn(0, 2)),
    (trapped, "known", lambda s: s.machine.kernel.threads.bind(s.first.vcpu, 9)),
    (trapped, "unbound", lambda s: s.machine.kernel.threads.bind(s.first.vcpu, 1)),
    (trapped, "vcpu_free", lambda s: spawned(s).machine.kernel.threads.bind(s.first.vcpu, 5)),
    (tenants, "bound", lambda s: spawned(s).machine.kernel.threads.dispatch(5)),
    (trapped, "ready", lambda s: waiting(s).machine.kernel.threads.dispatch(1)),
    (trapped, "running", lambda s: stopped(s).machine.kernel.threads.dispatch(1)),
    (lagging, "flushed", lambda s: s.machine.kernel.threads.dispatch(1)),
    (trapped, "bound", lambda s: spawned(s).machine.kernel.threads.move(s.first.vcpu, 5)),
    (tenants, "stopped", lambda s: s.machine.kernel.threads.move(0, 1)),
    (trapped, "elsewhere", lambda s: s.machine.kernel.threads.move(s.first.vcpu, 1)),
    (trapped, "vcpu_free", lambda s: s.machine.kernel.threads.move(s.second.vcpu, 1)),
    (trapped, "in_kernel", lambda s: s.machine.kernel.threads.move(0, 1)),
    (tenants, "in_kernel", lambda s: s.machine.kernel.threads.resume(s.first.vcpu)),
    (trapped, "known", lambda s: entered(s, 9).machine.kernel.threads.resume(s.first.vcpu)),
    (trapped, "unbound", lambda s: entered(s, 2).machine.kernel.threads.resume(s.first.vcpu)),
    (parked, "inside", lambda s: s.machine.kernel.threads.switch(s.first.vcpu, 1)),
    (trapped, "in_container", lambda s: s.machine.kernel.threads.switch(s.first.vcpu, 1)),
    (tenants, "bound_here", lambda s: s.machine.kernel.threads.switch(s.first.vcpu, 2)),
    (tenants, "other", lambda s: s.machine.kernel.threads.switch(s.first.vcpu, 1)),
    (parked, "inside", lambda s: s.machine.kernel.threads.trap(s.first.vcpu)),
    (trapped, "in_container", lambda s: s.machine.kernel.threads.trap(s.first.vcpu)),
    (tenants, "waiting", lambda s: s.machine.kernel.threads.wake(1)),
    (trapped, "running", lambda s: stopped(waiting(s)).machine.kernel.threads.wake(1)),
    (tenants, "future", lambda s: s.machine.kernel.threads.wait(s.first.vcpu, 0)),
    (trapped, "timed", lambda s: waiting(s).machine.kernel.threads.expire(1)),
    (trapped, "due", lambda s: timed(s).machine.kernel.threads.expire(1)),
    (tenants, "known", lambda s: s.machine.kernel.threads.finish(9)),
    (tenants, "stopped", lambda s: s.machine.kernel.threads.finish(1)),
    (trapped, "unbound", lambda s: s.machine.kernel.threads.park(s.first.vcpu)),
    (tenants, "in_kernel", lambda s: s.machine.kernel.threads.request(s.first.vcpu, 1)),
]
