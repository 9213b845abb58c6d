"""Put mappings together as the specification is put together: a fragment for each module.

A module of the specification has a fragment here, in the file of its name, made by a function of
that name: `tables(setup) -> Fragment`. It says what the module's own variables, actions and guards
are in the machine, and nothing of the modules below. `compose` makes the mapping of a model of the
fragments of its modules, those that are imported first:

    Fragment(
        "tables",
        observe=lambda testbed: {"table": ..., "writable": ..., "mappers": ...},
        actions={"map_page": map_page, ...},      # of this module: (testbed, c, v, g)
        around={"finish_exit": unmap_first},      # of modules below: (testbed, proceed, c)
        guards={"map_page": {"map_page vacant": ("hole",)}, ...},
        promises=("back_page.owner",),
        left_out={"give_back_page.in_pool": "why"},
        stricter={"back_page.aug free_frame": "why"},
    )

`observe` gives each variable of the module, computed from what the machine has.

`actions` are functions of the testbed and of parameters of the action; those that they do not name
are the machine's choice. `around` is what `extend` is in the specification: it gets `proceed`,
which does the action as it is without it, and makes one step of both with `testbed.together`.
Parameters that it names, the module's own further ones too, become parameters of the whole. The
fragment that comes last stands outermost. What an extension has to hand down, such as the vCPU that
the kernel runs on, it gives by name to `proceed`, for the keyword-only parameters of what is
inside. An extension of an action that the model does not have is not used, so that
fragments need not know which model they are for.

`guards` say what "operation guard" of a refusal means for an action: guards of this module's text,
extensions of lower modules included. Meanings of several fragments for one reason add up.
`promises` are the guards, as "action.guard", that hold given an honest host only: elsewhere they
are taken out, and with them the reasons that meant nothing else.

`begin` makes what the model has from the start, and a machine that was just booted has not.

`compared` names variables that are held to the specification whoever is honest.

`parts` of a page machine (platform, sev, tdx) are what the modules above `do`: the step, and what
its refusals mean. A function such as `granting(setup, machine)` takes the fragment that has them.

A model without `threads` has `lone_threads` in its place: each container has one thread, on a vCPU
of its own. One with tables and no pools has `supply` in the place of `granting` and a page machine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from inspect import Parameter, Signature, signature
from typing import Any

from splitspec.impl.geometry import Geometry
from splitspec.impl.machine import PlatformKind
from splitspec.impl.refusal import Refusal
from splitspec.refinement.machine.testbed import Testbed, undo
from splitspec.refinement.mapping import Implementation, Observation

PAGES_FOR_CODE = 2  # one that is shared with the host, one for the function

Function = Callable[..., object]
Meanings = Mapping[str, Mapping[str, tuple[str, ...]]]
"""By action and by reason ("operation guard"), the guards that it means."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a machine is built for: its platform, its host, the sizes and constants of the model."""

    kind: PlatformKind
    is_honest: bool
    sizes: Mapping[str, int]
    pins: Mapping[str, str | int | bool] = field(default_factory=dict)
    spare_frames: int = 0  # of which the model does not know
    is_synchronous: bool = False  # threads share a vCPU, where no constant of the model says it
    spare_pages: int = 0
    vcpus_each: int = 1  # of a container, where the model has no sort of them
    is_booted: bool = True
    leaf_tables: int = 1  # of each container, which the kernel has for it from the start
    shared: int | None = None  # pages of each stride's shared part, where there are strides
    wants_few: bool = False  # the host answers that these are the few

    @property
    def is_tdx(self) -> bool:
        """The platform is TDX."""
        return self.kind is PlatformKind.TDX

    @property
    def geometry(self) -> Geometry:
        """The machine's sizes; without a sort of vCPUs or cores, `vcpus_each` for each container.

        Where code is loaded, each container has two pages more than the model knows of.
        """
        sizes = self.sizes
        cores = sizes.get("Core", sizes["Container"] * self.vcpus_each)
        vcpus = sizes.get("Vcpu", sizes.get("Slot", cores))
        more = PAGES_FOR_CODE * sizes["Container"] if "Code" in sizes else 0
        pages = sizes.get("Page", 1) + more + self.spare_pages
        frames = sizes.get("Frame", 1) + more + self.spare_frames
        quota = self.pins.get("quota", 1)
        assert isinstance(quota, int)
        more_sizes = {"tags": sizes["Tag"]} if "Tag" in sizes else {}
        if self.shared is not None:
            more_sizes["stride"] = pages // vcpus
            # Where the answer says few, the other part would take all but the metadata.
            more_sizes["few_shared" if self.wants_few else "shared"] = self.shared
            more_sizes["shared" if self.wants_few else "few_shared"] = pages // vcpus - 1
        return Geometry(
            sizes["Container"],
            pages,
            frames,
            vcpus,
            leaf_tables=self.leaf_tables,
            notifications=quota,
            **more_sizes,
        )

    @property
    def codes(self) -> tuple[bytes, ...]:
        """The codes of the model, as bytes."""
        return tuple(f"code {n}".encode() for n in range(1, self.sizes.get("Code", 1) + 1))

    @property
    def runtime(self) -> bytes:
        """What the VM is launched with; elements of codes are written cod1, cod2."""
        return self.codes[int(str(self.pins.get("runtime", "cod1"))[3:]) - 1]

    @property
    def limit(self) -> int | None:
        """memory.max of every container, in frames, where the host keeps to it."""
        limit = self.pins.get("limit") if self.is_honest else None
        assert limit is None or isinstance(limit, int)
        return limit

    @property
    def tenants(self) -> tuple[bytes, ...]:
        """The tenants of the model, as the names of their chains."""
        return tuple(f"chain {n}".encode() for n in range(1, self.sizes.get("Tenant", 1) + 1))

    def tenant(self, container: int) -> bytes:
        """For whom a container works: the first ones for the first tenant, and so on."""
        return self.tenants[container * len(self.tenants) // self.sizes["Container"]]

    @property
    def is_one_to_one(self) -> bool:
        """Each thread has a vCPU of its own."""
        return not self.pins.get("synchronous", self.is_synchronous)

    @property
    def zygote(self) -> int:
        """The container that is the zygote; elements are written c1, c2."""
        return int(str(self.pins.get("zygote", "c1")).lstrip("c")) - 1


@dataclass(frozen=True, slots=True)
class Part:
    """What actions of other modules do: by reason the guards of the part, and the step, unless
    the processor does it by itself."""

    guards: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    step: Function | None = None


@dataclass(frozen=True, slots=True)
class Fragment:
    """What one module of the specification is in the machine."""

    module: str
    begin: Callable[[Testbed], None] | None = None
    observe: Callable[[Testbed], Observation] = field(default=lambda testbed: {})
    actions: Mapping[str, Function] = field(default_factory=dict)
    around: Mapping[str, Function] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)
    guards: Meanings = field(default_factory=dict)
    promises: Iterable[str] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    stricter: Mapping[str, str] = field(default_factory=dict)
    elements: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    compared: Collection[str] = ()

    def part(self, name: str) -> Part:
        """Return the part of a page machine; one that the machine does not have does nothing."""
        return self.parts.get(name, Part())


def compose(model: str, setup: Setup, fragments: Sequence[Fragment]) -> Implementation[Testbed]:
    """Return the mapping of a model, of the fragments of its modules."""
    actions = _actions(fragments)
    promises = frozenset(name for each in fragments for name in each.promises)
    dropped = frozenset() if setup.is_honest else promises
    elements: dict[str, Sequence[Any]] = {
        "Container": range(setup.sizes["Container"]),
        "Page": setup.geometry.pool_pages,
        "Frame": setup.geometry.pool_frames,
    }
    for fragment in fragments:
        elements |= fragment.elements
    return Implementation(
        name=f"impl on {setup.kind.value}",
        model=model,
        create=partial(_created, setup, tuple(each.begin for each in fragments if each.begin)),
        observe=_Observing(tuple(fragment.observe for fragment in fragments)),
        actions=actions,
        refusal=Refusal,
        reason=reason,
        guards=_meanings(fragments, actions, dropped),
        elements={sort: elements[sort] for sort in setup.sizes if sort in elements},
        given=("host",) if setup.is_honest else (),
        sizes=setup.sizes,
        pins=setup.pins,
        left_out=_named(each.left_out for each in fragments),
        stricter=_named(each.stricter for each in fragments),
        compared=tuple(name for each in fragments for name in each.compared),
        undo=undo(),
    )


def _created(setup: Setup, begins: Sequence[Callable[[Testbed], None]]) -> Testbed:
    testbed = Testbed(
        setup.geometry,
        setup.kind,
        setup.limit,
        one_to_one=setup.is_one_to_one,
        image=setup.runtime,
        pages=setup.sizes.get("Page"),
        frames=setup.sizes.get("Frame"),
        is_booted=setup.is_booted,
    )
    testbed.has_quarantine = "Tag" in setup.sizes
    for begin in begins:
        begin(testbed)
    return testbed


def reason(refusal: Refusal) -> str:
    """Return what a refusal of the machine is for: the operation and its guard."""
    return f"{refusal.operation} {refusal.guard}"


@dataclass(frozen=True, slots=True)
class _Observing:
    """All variables of a model, each from the fragment of its module."""

    parts: tuple[Callable[[Testbed], Observation], ...]

    def __call__(self, testbed: Testbed) -> dict[str, Any]:
        whole: dict[str, Any] = {}
        for part in self.parts:
            whole |= part(testbed)
        return whole


class _Layer:
    """One function of an action: which parameters it names, and what it is handed down."""

    def __init__(self, function: Function, skipped: int) -> None:
        parameters = list(signature(function).parameters.values())[skipped:]
        self.function = function
        self.named = tuple(p.name for p in parameters if p.kind is not Parameter.KEYWORD_ONLY)
        self.handed = tuple(p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY)

    def arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        found = {name: values[name] for name in self.named}
        return found | {name: values[name] for name in self.handed if name in values}


class _Action:
    """An action with its extensions, as one function of the testbed and of their parameters."""

    def __init__(self, action: Function, around: Sequence[Function]) -> None:
        self._layers = (_Layer(action, 1), *(_Layer(function, 2) for function in around))
        names = ["testbed", *dict.fromkeys(n for layer in self._layers for n in layer.named)]
        self._names = tuple(names[1:])
        kind = Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = Signature([Parameter(name, kind) for name in names])

    def __call__(self, testbed: Testbed, *values: object) -> None:
        before = dict(testbed.machine.host.cgroups.groups)
        self._proceed(testbed, len(self._layers) - 1, dict(zip(self._names, values, strict=True)))
        testbed.meter(before)
        if not testbed.has_quarantine:
            testbed.machine.kernel.shootdown.sweep()

    def _proceed(
        self, testbed: Testbed, depth: int, values: Mapping[str, Any], **handed: Any
    ) -> None:
        layer = self._layers[depth]
        known = {**values, **handed} if handed else values
        arguments = layer.arguments(known)
        if depth == 0:
            layer.function(testbed, **arguments)
        else:
            inside = partial(self._proceed, testbed, depth - 1, known)
            layer.function(testbed, inside, **arguments)


def _actions(fragments: Sequence[Fragment]) -> dict[str, Function]:
    found: dict[str, Function] = {}
    for fragment in fragments:
        twice = found.keys() & fragment.actions.keys()
        if twice:
            raise ValueError(f"{fragment.module} maps {', '.join(sorted(twice))} again")
        found |= fragment.actions
    return {
        name: _Action(action, [each.around[name] for each in fragments if name in each.around])
        for name, action in found.items()
    }


def _meanings(
    fragments: Sequence[Fragment], actions: Mapping[str, Function], dropped: frozenset[str]
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return what each reason means; one that means nothing in this run is left out."""
    found: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in actions}
    for action, reason, guards in _each_meaning(fragments):
        kept = tuple(guard for guard in guards if f"{action}.{guard}" not in dropped)
        if action in found and kept:
            before = found[action].get(reason, ())
            found[action][reason] = tuple(dict.fromkeys((*before, *kept)))
    return found


def _each_meaning(
    fragments: Iterable[Fragment],
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for fragment in fragments:
        for action, reasons in fragment.guards.items():
            for reason, guards in reasons.items():
                yield action, reason, guards


def _named(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {name: why for part in parts for name, why in part.items()}
