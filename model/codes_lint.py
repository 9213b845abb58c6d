"""The codes of warnings: rows of the list in `splitspec.model.codes`."""

from __future__ import annotations

from splitspec.model.code import Code

LINT = (
    Code(
        "SS601",
        "unused name",
        "Nothing uses a sort, enum, constant, definition or part in any of the models.",
        "def is_free(f: Frame) = rmp[f] = none",
        "Take it out, or use it where it was meant.",
    ),
    Code(
        "SS602",
        "unused member",
        "No line mentions a member of an enum that is not its first: no state can have it.",
        "enum Phase = absent | live | retired",
        "Take it out, or write the step that leads there.",
    ),
    Code(
        "SS603",
        "variable never written",
        "No step of any model changes the variable, so that it is a constant.",
        "var limit: 0..3",
        "Make it a `const`, or write the update that is missing.",
    ),
    Code(
        "SS604",
        "variable never read",
        "No guard, property or obligation of any run depends on the variable.",
        "var last_caller: Container?",
        "Take it out, or state what is claimed of it.",
    ),
    Code(
        "SS605",
        "guard always true",
        "A guard is true whatever the state and the parameters are.",
        "action f(c: Container) by kernel\n  when same: c = c\n  x[c] := true",
        "Take it out, or write the condition that was meant.",
    ),
    Code(
        "SS606",
        "read of what the same step assigns",
        "An update reads a place that another update of the same step may write. It reads the "
        "value before the step, which is easily read otherwise. A read of just the place that a "
        "literal goes to is not meant: who wants the new value there writes the literal.",
        "action f(p: Page) by kernel\n  owner[p] := none\n"
        "  free[q] := true for q: Page where owner[q] = none",
        "If the old value is meant, leave it; else make two steps of it, or name the new value.",
    ),
    Code(
        "SS607",
        "cycle among sorts",
        "State functions lead from a sort back to it. Such systems are explored and bounded as "
        "all others; only a proof for every size may not terminate.",
        "var npt[Page]: Frame?\nvar rmp[Frame]: Page?",
        "It is a remark; nothing need be done while `prove` answers.",
    ),
    Code(
        "SS608",
        "restrained by promises only",
        "Every guard of an untrusted actor's action is a promise: against a dishonest actor the "
        "action has no guard at all. Where that is meant, each guard says it.",
        "action back(p: Page, f: Frame) by host\n  when free: rmp[f] = none\n  npt[p] := f",
        "Write what enforces a guard, `@hardware` or `@kernel`; if nothing does, write `@host`.",
    ),
    Code(
        "SS609",
        "section out of order",
        "A module's sections stand in another order than in all the others.",
        "var x: bool\nsort Page",
        "Move the declaration up; docs/language.md, section 1, has the order.",
    ),
    Code(
        "SS610",
        "variable without comment",
        "Nothing says what the value of a variable is.",
        "var rmp[Frame]: Page?",
        "Say it behind the declaration: `# the page that the frame is assigned to`.",
    ),
    Code(
        "SS611",
        "property without text",
        "A claim has no sentence that a reader of reports can understand.",
        "invariant one_owner\n  all c, d: Container: held[c] and held[d] implies c = d",
        "Begin its block with one sentence in triple quotes.",
    ),
    Code(
        "SS612",
        "guard on another's ledger",
        "A guard of the kernel, the hardware or the verifier reads a counter that is exact only "
        "given an honest host or container. A check is worth no more than what it reads.",
        "counter usage[c: Container] counts f: Frame where paid[f] = c given honest host\n"
        "action map(c: Container, f: Frame) by kernel\n  when room: usage[c] < limit",
        "Let who checks keep a counter of its own, or make the guard a promise.",
    ),
)
