"""The list of all diagnostic codes, and the page that explains them.

SS1xx syntax, SS2xx names, SS3xx types, SS4xx the system as a whole, SS5xx `models.toml`,
SS6xx warnings, SS7xx saved traces, SS8xx refinements and logs, SS9xx exports. A code keeps its
meaning for ever; a new mistake gets a new one.
`docs/errors.md` is `errors_page()`.
"""

from __future__ import annotations

from splitspec.model.code import Code
from splitspec.model.codes_export import EXPORT
from splitspec.model.codes_lint import LINT
from splitspec.model.codes_manifest import MODELS, PLACES
from splitspec.model.codes_refinement import REFINEMENT
from splitspec.model.codes_system import SYSTEM
from splitspec.model.codes_traces import TRACES
from splitspec.model.codes_typing import NAMES, TYPES

SYNTAX = (
    Code(
        "SS101",
        "unknown character",
        "A character stands where no construct is written with it.",
        "step moves\n  x' = y",
        "Write what the message proposes; names are ASCII letters, digits and `_`.",
    ),
    Code(
        "SS102",
        "tab",
        "A tab stands outside of a comment or a text. How wide it is cannot be known.",
        "invariant a\n\tp",
        "Indent with two spaces a level.",
    ),
    Code(
        "SS103",
        "bad indentation",
        "A line begins in a column that none of the blocks around it has.",
        "invariant a\n  p\n    q",
        "Begin the lines of one block in one column, two further right than their header. A line "
        "goes on below only after or before a word such as `and`.",
    ),
    Code(
        "SS104",
        "text not closed",
        'A `"""` has no partner before the next line that is not indented.',
        'invariant a\n  """Pages are private.\n  p',
        'End the text with `"""` and indent all its lines.',
    ),
    Code(
        "SS105",
        "string not closed",
        'A `"` has no partner on its line.',
        'variant v of memory\n  drop accept.once\n  cites "VeriSMo',
        'End the string with `"` on the same line.',
    ),
    Code(
        "SS106",
        "malformed number",
        "A word that begins with a digit is no number of at most nine digits.",
        "var level: 0..3rd",
        "Write digits only; a name begins with a letter.",
    ),
    Code(
        "SS107",
        "bracket without partner",
        "A bracket is not closed, or closes nothing, within its line and what continues it.",
        "invariant a\n  p[x) = y",
        "Close every `(` with `)` and every `[` with `]`.",
    ),
    Code(
        "SS108",
        "line or nesting too long",
        "A line has more words, or a block more levels, than a reader can follow.",
        "invariant a\n  p" + " and p" * 200,
        "Write a conjunction as a block of lines; name parts with `def`.",
    ),
    Code(
        "SS109",
        "module line missing",
        "A file begins with `module NAME`; this one does not.",
        "sort Page",
        "Write `module` and the name of the file on the first line.",
    ),
    Code(
        "SS110",
        "second module",
        "A file holds one module; a second `module` line stands in it.",
        "module pages\nmodule frames",
        "Move the second module to a file of its own.",
    ),
    Code(
        "SS111",
        "not a keyword",
        "A word stands where a keyword is expected. Often it is a misspelling.",
        "invarant a\n  p",
        "Write the keyword that the message proposes.",
    ),
    Code(
        "SS112",
        "out of place",
        "A declaration stands in a block, or a line of a block stands in column 1 or in the "
        "block of another kind of declaration.",
        "invariant a\n  when live: p",
        "Begin declarations in column 1, and put guards and updates into actions.",
    ),
    Code(
        "SS113",
        "`==`",
        "Equality is written with one sign.",
        "invariant a\n  p == q",
        "Write `=` to compare; `:=` gives a new value.",
    ),
    Code(
        "SS114",
        "sign of another notation",
        "`&&`, `||`, `!`, `->`, `=>` and the like are words here.",
        "invariant a\n  p && q",
        "Write `not`, `and`, `or`, `implies`.",
    ),
    Code(
        "SS115",
        "word of another notation",
        "`forall`, `exists`, `in`, `iff` and the like are written in another way here.",
        "invariant a\n  forall x: S: p",
        "Write `all x: S: p`, `some x: S: p`, and `=` between truths.",
    ),
    Code(
        "SS116",
        "`=` and `:=`",
        "`=` compares and defines, `:=` updates; one stands where only the other can.",
        "action f() by host\n  x = true",
        "Write `:=` in updates and `=` elsewhere. A declaration gives no value: `init` does.",
    ),
    Code(
        "SS117",
        "chained comparison",
        "`a < b < c` compares a truth with a value.",
        "invariant a\n  x < y < z",
        "Join two comparisons with `and`.",
    ),
    Code(
        "SS118",
        "parentheses missing",
        "A quantifier, `count` or `if` stands in the middle of an expression.",
        "invariant a\n  p and all x: S: q[x]",
        "Put it in parentheses: it reaches to the end of the line.",
    ),
    Code(
        "SS119",
        "keyword as a name",
        "Every keyword is reserved, also as a label.",
        "var count: nat",
        "Choose another name.",
    ),
    Code(
        "SS120",
        "something else expected",
        "The text cannot go on like this; the message says what may stand here.",
        "sort Page Frame",
        "Compare with the form of the construct in the language reference.",
    ),
    Code(
        "SS121",
        "colon missing",
        "A name and its type, a quantifier and its body, or a label and its guard are not "
        "separated.",
        "var x Page",
        "Write `:` between the two.",
    ),
    Code(
        "SS122",
        "block missing",
        "A declaration has no lines below it, or begins them on its own line.",
        "action f() by host",
        "Write the lines below, two spaces further right.",
    ),
    Code(
        "SS123",
        "guard without label",
        "Every guard is named, so that a variant can drop it and a refusal can say which it was.",
        "action f() by host\n  when npt[g] = none\n  npt[g] := f",
        "Write `when label: …`.",
    ),
    Code(
        "SS124",
        "actor missing",
        "An action does not say who takes it.",
        "action f()\n  x := true",
        "End the header with `by kernel`, `by host`, `by container[c]` or another actor.",
    ),
    Code(
        "SS125",
        "text out of place",
        "A text stands elsewhere than in the first line of a block, or in single quotes.",
        'invariant a\n  p\n  """Pages are private."""',
        "Move it to the first line of the block, or make it a comment.",
    ),
    Code(
        "SS126",
        "second expectation",
        "A variant has more than one `expect` line.",
        "variant v of memory\n  drop a.b\n  expect redundant\n  expect violated p",
        "Write a variant of its own for the second claim.",
    ),
    Code(
        "SS127",
        "kept for later use",
        "A declaration begins with a word that a later version of the language will use.",
        "observer host",
        "Leave it out.",
    ),
)

_SECTIONS = (
    ("Syntax", SYNTAX),
    ("Names", NAMES),
    ("Types", TYPES),
    ("The system as a whole", SYSTEM),
    ("models.toml", (*MODELS, *PLACES)),
    ("Warnings", LINT),
    ("Saved traces", TRACES),
    ("Refinements and logs", REFINEMENT),
    ("Exports", EXPORT),
)
CODES = {code.code: code for _, codes in _SECTIONS for code in codes}


def errors_page() -> str:
    """Return the text of `docs/errors.md`."""
    lines = [
        "# Diagnostics",
        "",
        "Every message of `splitspec` about a specification has one of these codes. This page is",
        "made from `model/codes.py` by `make docs`.",
    ]
    for title, codes in _SECTIONS:
        if codes:
            lines += ["", f"## {title}"]
        for code in codes:
            lines += ["", f"### {code.code} {code.title}", "", code.meaning, ""]
            lines += [f"    {_clipped(line)}".rstrip() for line in code.example.split("\n")]
            lines += ["", code.advice]
    return "\n".join(lines) + "\n"


def _clipped(line: str) -> str:
    """Shorten a line of an example that is bad for its length."""
    return line if len(line) <= 90 else line[:60] + " …"
