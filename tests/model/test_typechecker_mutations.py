"""However a text is mangled, loading answers: a program, or diagnostics that say why not."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from splitspec.model.loader import Library, load, load_variants
from splitspec.model.parser import parse
from splitspec.model.source import Source

CORPUS = Path(__file__).parents[1] / "corpus" / "invalid"
WORD = re.compile(r"\w+|[:+-]?=|\S")
# Sound modules that use most of the language; the files beside are their imports.
TEXTS = {name: (CORPUS / f"{name}.split").read_text() for name in ("roster", "engine", "machine")}
TEXTS["roster"] += "counter doing[d: Duty] counts m: Member where duty[m] = d\n"
WORDS = sorted({word for text in TEXTS.values() for word in WORD.findall(text)} | {"nat", "next"})

HOW = ("drop", "swap", "repeat")

edits = st.lists(
    st.tuples(st.integers(0, 10_000), st.sampled_from(HOW), st.sampled_from(WORDS)),
    min_size=1,
    max_size=3,
)


def _edited(text: str, changes: list[tuple[int, str, str]]) -> str:
    for position, how, word in changes:
        places = list(WORD.finditer(text))
        at = places[position % len(places)]
        new = {"drop": "", "swap": word, "repeat": f"{at.group()} {at.group()}"}[how]
        text = text[: at.start()] + new + text[at.end() :]
    return text


@settings(max_examples=150)
@given(name=st.sampled_from(sorted(TEXTS)), changes=edits, replaced=st.booleans())
def test_a_mangled_text_is_answered(
    name: str, changes: list[tuple[int, str, str]], replaced: bool
) -> None:
    path = CORPUS / f"{name}.split"
    library = Library({path: parse(Source(str(path), _edited(TEXTS[name], changes)))})
    loaded = load(path, {"machine": "engine"} if replaced else {}, library)
    assert (loaded.program is None) == bool(loaded.diagnostics)
    if loaded.program is not None:
        load_variants(loaded, name, ())
