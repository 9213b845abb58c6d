"""Turn what was found of several designs into a page of Markdown that compares them.

The frames of a design are counted in a run that is written down step by step: the evaluator takes
each step, refuses what a guard refuses, and the design's own counter says what is in memory then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from splitspec.model.evaluator import Evaluator
from splitspec.model.frozen import frozen
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome, Verdict

Step = tuple[str, tuple[int, ...]]
"""An action by its path, and the elements that its parameters name, in order, numbered from 0."""


@frozen
class Design:
    """A design: its verdicts, that of its `kernel_exploited`, and frames by number of functions.

    `title` is a noun for the head of a column, `kernel` what must be trusted to keep containers
    apart.
    """

    title: str
    model: str
    kernel: str
    verdicts: tuple[Verdict, ...]
    exploited: Verdict
    frames: Mapping[int, int]


CLAIMS = {
    "nobody_learns_from_another": "No container reads what another one wrote.",
    "reads_return_the_last_write": "A read returns the last write, or faults.",
    "one_frame_per_page": "The host cannot show two frames for one page.",
    "charged_to_pool_owner": "A frame is paid for by the cgroup of its own container.",
    "every_frame_is_reclaimed": "An honest host gets every frame back.",
}
EXPLOITED = "No container reads another one's data, when one has taken over the kernel below it."

HEADER = """\
# Three designs

Split containers beside the two designs that they are measured against: `kata`, a confidential VM
for every container, and `shared_guest`, many containers over one guest Linux in one such VM.
The three are models of `spec/` with properties of the same names; the verdicts are those of
`splitspec check` at the sizes of `spec/models.toml`. Made by `make docs`.
"""

FRAMES = """\
## Frames

Frames in use when *n* functions of one runtime run, each with one page of the runtime image and one
page of its own; counted by each design's own counter, in a run that the model allows. The kernels'
own frames are not in the models: `kata` has them *n* times, the other two once.
"""

TALK = """\
## What the talk says

Figures of the talk at USENIX Security 2025, which are the talk's: nothing here confirms them.

- The microkernel has about 20,000 lines.
- Functions start 1.06 to 215 times as fast as with `kata` on TDX, 1.02 to 60 times on SEV-SNP.
- They use 20 to 56 times less memory.
- A chain of functions (FINRA) runs 31 times as fast.
- The overhead against containers that are not confidential is below 14 percent.

The models agree with the direction of the third: the image is in memory once, by fork from a
zygote, where `kata` has it *n* times. What they say about the price is in the first table. The
reach of an exploited kernel is that of `shared_guest`, not that of `kata`; what is smaller is the
kernel.
"""


def page(designs: Iterable[Design]) -> str:
    """Return the page."""
    designs = tuple(designs)
    blocks = [HEADER, "## Claims\n", *_claims(designs), "", FRAMES, *_frames(designs), "", TALK]
    return "\n".join(blocks).rstrip("\n") + "\n"


def frames_after(setting: Setting, steps: Iterable[Step], counter: str) -> int:
    """Return a counter after a run; raise `ValueError` at a step that the model refuses."""
    evaluator = Evaluator(setting)
    state = next(evaluator.initial_states())
    for action, elements in steps:
        names = [parameter.name for parameter in evaluator.actions[action].parameters]
        binding = dict(zip(names, elements, strict=True))
        refused = evaluator.refusals(state, action, binding)
        taken = evaluator.step(state, action, binding)
        if taken is None or taken.successor is None:
            raise ValueError(f"{setting.model}: {action}{elements} is refused by {refused}")
        state = taken.successor
    if not evaluator.counter_is_exact(counter, state):
        raise ValueError(f"{setting.model}: {counter} is not exact")
    value = state[evaluator.places.place(counter, ())]
    assert isinstance(value, int)
    return value


def _claims(designs: tuple[Design, ...]) -> Iterator[str]:
    yield _row(["", *(f"{design.title} (`{design.model}`)" for design in designs)])
    yield _row(["---"] * (len(designs) + 1))
    for name, sentence in CLAIMS.items():
        yield _row([sentence, *(_cell(_of(design, name)) for design in designs)])
    yield _row([EXPLOITED, *(_cell(design.exploited) for design in designs)])
    yield _row(["What keeps containers apart", *(design.kernel for design in designs)])


def _frames(designs: tuple[Design, ...]) -> Iterator[str]:
    yield _row(["functions", *(design.title for design in designs)])
    yield _row(["---:"] * (len(designs) + 1))
    for number in designs[0].frames:
        yield _row([str(number), *(str(design.frames[number]) for design in designs)])


def _of(design: Design, name: str) -> Verdict | None:
    """Return the verdict on the claim of that name; the design's own module wins."""
    found = [v for v in design.verdicts if v.property.rpartition(".")[2] == name]
    return found[-1] if found else None


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return "cannot be said"
    if verdict.outcome is Outcome.VIOLATED and verdict.trace is not None:
        return f"broken after {verdict.trace.length} steps"
    return verdict.outcome.value


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
