"""Representatives: of every orbit exactly one state, found here by trying all permutations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import permutations, product
from pathlib import Path
from random import Random

import pytest
from tests.agreement.comparison import natively, settings_of, verdicts
from tests.checker.native.judged_kernels import Judge

from splitspec.checker.explicit import oracle
from splitspec.checker.explicit.native.kernel import Kernel
from splitspec.checker.explicit.native.kernel_calls import representative
from splitspec.checker.explicit.native.layout import decode
from splitspec.model.ir import Value
from splitspec.model.scope import State
from splitspec.model.setting import Setting
from splitspec.model.types import Option, Sort, Type

Make = Callable[..., Setting]
Permutation = dict[str, tuple[int, ...]]


def permuted(kernel: Kernel, permutation: Permutation, state: State) -> State:
    """Return the state in which every element is another one."""

    def renamed(value: Value, type_: Type) -> Value:
        match type_:
            case Sort(path):
                assert value is not None
                return permutation[path][value]
            case Option(of):
                return None if value is None else renamed(value, of)
            case _:
                return value

    places = kernel.layout.places
    result: list[Value] = [None] * len(state)
    for (variable, indices), value in zip(places, state, strict=True):
        moved = [renamed(i, t) for i, t in zip(indices, variable.indices, strict=True)]
        result[places.place(variable.path, moved)] = renamed(value, variable.type)
    return tuple(result)


def group(kernel: Kernel, fixed: Mapping[str, int] | None = None) -> list[Permutation]:
    """Return all permutations of all sorts that leave the fixed elements alone."""
    sizes = kernel.layout.places.scope.sizes
    stay = fixed or {}
    choices = [
        [p for p in permutations(range(n)) if sort not in stay or p[stay[sort]] == stay[sort]]
        for sort, n in sizes.items()
    ]
    return [dict(zip(sizes, chosen, strict=True)) for chosen in product(*choices)]


def random_states(kernel: Kernel, count: int, density: float) -> Iterator[State]:
    """Iterate over states, reachable or not, with a share of the cells not at their first value."""
    random = Random(count)
    for _ in range(count):
        state: list[Value] = []
        for array in kernel.layout.arrays.values():
            for _ in range(array.cells):
                code = random.randrange(array.size) if random.random() < density else 0
                code = code if array.fixed is None else array.fixed
                state.append(decode(code, array.variable.type))
        yield tuple(state)


def check(kernel: Kernel, permutations_: list[Permutation], state: State) -> None:
    """Assert that the representative is in the orbit, and that of all of the orbit."""
    orbit = {permuted(kernel, p, state) for p in permutations_}
    chosen = representative(kernel, state)
    assert chosen in orbit
    assert {representative(kernel, other) for other in orbit} == {chosen}


MODELS = {
    # Tables from each sort to each other, values that are elements, and options.
    "relations": (
        """
        sort A
        sort B
        enum Phase = off | on | gone
        var phase[A]: Phase
        var owner[B]: A?
        var twin[A]: A?
        var knows[A, B]: bool
        var current: B?
        var level[B]: 0..3
        action touch(a: A, b: B) by kernel
          phase[a] := on
          owner[b] := a
          twin[a] := a
          knows[a, b] := true
          current := b
          level[b] := 1
        invariant read
          all a: A, b: B: knows[a, b] and owner[b] = a and twin[a] = a implies
            current = b or level[b] < 2 or phase[a] = gone
        """,
        3,
    ),
    # An edge relation: colours alone cannot tell the nodes of regular graphs apart.
    "graph": (
        """
        sort Node
        var edge[Node, Node]: bool
        action join(a: Node, b: Node) by kernel
          edge[a, b] := true
        invariant no_loop
          no a: Node: edge[a, a]
        """,
        5,
    ),
    # Total functions of sort type, from constants.
    "chains": (
        """
        sort Page
        sort Frame
        const first: Page
        var next_page[Page]: Page
        var frame[Page]: Frame?
        var back[Frame]: Page?
        init
          next_page[p] := first for p: Page
        action map(p: Page, q: Page, f: Frame) by kernel
          next_page[p] := q
          frame[p] := f
          back[f] := p
        invariant paired
          all p: Page, f: Frame: frame[p] = f implies back[f] = p and next_page[p] != p
        """,
        3,
    ),
    # More than a word: cells move from one word to another.
    "wide": (
        """
        sort Node
        var edge[Node, Node]: Node?
        var mark[Node]: 0..200
        action add(a: Node, b: Node, c: Node) by kernel
          edge[a, b] := c
          mark[a] := 7
        invariant unmarked
          all a, b: Node: edge[a, b] = a implies mark[b] = 0
        """,
        5,
    ),
}


@pytest.mark.parametrize("density", [0.1, 0.4, 1.0])
@pytest.mark.parametrize("name", sorted(MODELS))
def test_an_orbit_has_one_representative(
    setting: Make, tmp_path: Path, name: str, density: float
) -> None:
    text, size = MODELS[name]
    kernel = Judge(setting(text, sizes=size), tmp_path, symmetry=True).kernel
    everything = group(kernel)
    for state in random_states(kernel, 12, density):
        check(kernel, everything, state)


def test_regular_graphs_are_told_apart(setting: Make, tmp_path: Path) -> None:
    """A hexagon and two triangles: every node has two neighbours, so all colours are equal."""
    text, _ = MODELS["graph"]
    kernel = Judge(setting(text, sizes=6), tmp_path, symmetry=True).kernel

    def cycles(*rounds: tuple[int, ...]) -> State:
        edges = set()
        for nodes in rounds:
            for a, b in zip(nodes, (*nodes[1:], nodes[0]), strict=True):
                edges |= {(a, b), (b, a)}
        return tuple((a, b) in edges for a in range(6) for b in range(6))

    hexagons = {representative(kernel, cycles((0, *rest))) for rest in permutations(range(1, 6))}
    pairs = [((0, a, b), tuple({1, 2, 3, 4, 5} - {a, b})) for a, b in permutations(range(1, 6), 2)]
    triangles = {representative(kernel, cycles(*pair)) for pair in pairs}
    assert len(hexagons) == 1
    assert len(triangles) == 1
    assert hexagons != triangles


def test_a_pinned_element_stays_where_it_is(setting: Make, tmp_path: Path) -> None:
    text, _ = MODELS["chains"]
    pinned = setting(text, sizes=3, pins={"m.first": 1})
    kernel = Judge(pinned, tmp_path, symmetry=True).kernel
    everything = group(kernel, {"m.Page": 1})
    # Of the six permutations of pages two remain, and all six of frames.
    assert len(everything) == 2 * 6
    for state in random_states(kernel, 12, 0.5):
        check(kernel, everything, state)


def test_elements_that_are_all_alike_need_no_search(setting: Make, tmp_path: Path) -> None:
    """The empty graph of six nodes is its own representative, whatever the order of its nodes."""
    text, _ = MODELS["graph"]
    kernel = Judge(setting(text, sizes=6), tmp_path, symmetry=True).kernel
    empty = (False,) * 36
    assert representative(kernel, empty) == empty


def test_without_elements_to_permute_states_represent_themselves(
    setting: Make, tmp_path: Path
) -> None:
    text, _ = MODELS["graph"]
    kernel = Judge(setting(text, sizes=1), tmp_path, symmetry=True).kernel
    assert kernel.addresses.canonical == 0


NAMES_THAT_RUN_TOGETHER = """
module m
sort S
sort S1
var seen[S]: bool
var marked[S1]: bool
var n: 0..3
action see(s: S) by kernel
  when fresh: not seen[s]
  when room: n < 3
  seen[s] := true
  n += 1
action mark(s: S1) by kernel
  when fresh: not marked[s]
  marked[s] := true
invariant few
  all s: S, t: S1: seen[s] and marked[t] implies n < 3
"""


def test_element_11_of_s_is_not_element_1_of_s1() -> None:
    """Up to 3 of 12 elements are seen and up to 2 of 2 are marked, in 4 times 3 ways; then nothing
    can happen any more."""
    ((setting, _),) = settings_of(NAMES_THAT_RUN_TOGETHER, {"S": 12, "S1": 2})
    reduced = natively(setting, workers=1, symmetry=True)
    assert reduced.run.states == 4 * 3
    assert verdicts(reduced)["deadlock"] == ("violated", 5)
    assert verdicts(reduced) == verdicts(oracle.explore(setting))
