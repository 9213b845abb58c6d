"""Write a lock as text, and read it back.

The text is TOML with one block for each run and one line for each claim, sorted, so that two people
who change two models change different lines. It ends in a table of its own: a text that was cut is
told from a whole one, wherever it was cut.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from splitspec.checker.gate.lock import WALK, Activity, Block, Claim, Key, Lock
from splitspec.model.tier import Tier
from splitspec.model.toml import TomlError, read_toml
from splitspec.model.verdict import Outcome

HEADER = """\
# What was accepted of this specification: how far each claim is shown, and on which text.
# `splitspec gate` holds every run to it; `splitspec lock` accepts a change and shows it.
# Written by splitspec: do not edit. Merge conflicts: take either side, then run splitspec lock.
"""
VERSION = 1
LISTS = ("idle", "solvers", "left_out", "stricter", "unseen", "missed")
FIGURES = (
    "states",
    "orbits",
    "transitions",
    "depth",
    "refusals",
    "steps",
    WALK,
    "obligations",
    "framed",
    "dearest",
)
RESTS = re.compile(r"proved|proved-finite|exhaustive|(bounded|sampled)\(\d[^()]*\)")
"""The assurances of a lock. How many steps or runs there were stands behind; the scope does not."""
BARE = re.compile(r"[A-Za-z0-9_-]+")
KEYS = ("tier", "system", "implementation", "scope", *FIGURES, *LISTS, "seeds", "claims")


class DamagedLockError(Exception):
    """The text is not a whole lock; the message says what is wrong with it."""


def written(lock: Lock) -> str:
    """Return the text of a lock, the same for the same lock."""
    lines = [HEADER, f"version = {VERSION}\n"]
    for key in sorted(lock.blocks):
        lines += _block(key, lock.blocks[key])
        lines.append("")
    lines.append(f"[end]\nblocks = {len(lock.blocks)}")
    return "\n".join(lines) + "\n"


def _block(key: Key, block: Block) -> Iterator[str]:
    yield f"[{key.activity}.{_quoted(key.run)}]"
    yield f"tier = {_quoted(block.tier.value)}"
    yield f"system = {_quoted(block.system)}"
    if block.implementation:
        yield f"implementation = {_quoted(block.implementation)}"
    if block.scope:
        yield f"scope = {_inline(block.scope)}"
    for name in FIGURES:
        if name in block.figures:
            yield f"{name} = {block.figures[name]}"
    for name in LISTS:
        words = getattr(block, name)
        if words:
            yield f"{name} = {_list(words)}"
    if block.seeds:
        yield f"seeds = {block.seeds}"
    if block.claims:
        yield f"[{key.activity}.{_quoted(key.run)}.claims]"
    for path in sorted(block.claims):
        yield f"{_quoted(path)} = {_claim(block.claims[path])}"


def _claim(claim: Claim) -> str:
    parts = []
    if claim.text:
        parts.append(f"text = {_quoted(claim.text)}")
    parts.append(f"outcome = {_quoted(claim.outcome)}")
    if claim.assurance:
        parts.append(f"assurance = {_quoted(claim.assurance)}")
    if claim.killed_by:
        parts.append(f"killed_by = {_list(claim.killed_by)}")
    return f"{{ {', '.join(parts)} }}"


def _quoted(text: str) -> str:
    # A JSON string is a basic string of TOML, except for the one character that JSON leaves bare.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _quoted(name)


def _list(words: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_quoted, words))}]"


def _inline(values: Mapping[str, str | int]) -> str:
    shown = (
        f"{_key(name)} = {value if isinstance(value, int) else _quoted(value)}"
        for name, value in values.items()
    )
    return f"{{ {', '.join(shown)} }}"


def load(path: Path) -> Lock | None:
    """Return the lock of a file, None if there is no file; raise `DamagedLockError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise DamagedLockError(f"{path}: it cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise DamagedLockError(f"{path}: it is not UTF-8 text") from None
    try:
        return read(text)
    except DamagedLockError as damage:
        raise DamagedLockError(f"{path}: {damage}") from None


def read(text: str) -> Lock:
    """Return the lock of a text; raise `DamagedLockError` if it is not one, or not whole."""
    if not text.strip():
        raise DamagedLockError("it is empty")
    try:
        tables = read_toml(text)
    except TomlError as problem:
        cut = "" if "\n[end]\n" in text else ", and its end is missing: it was cut, or never whole"
        raise DamagedLockError(f"not TOML: {problem}{_at(problem)}{cut}") from None
    if tables.pop("version", None) != VERSION:
        raise DamagedLockError(f"it does not say `version = {VERSION}`")
    end = tables.pop("end", None)
    if not isinstance(end, dict) or "blocks" not in end:
        raise DamagedLockError("its end is missing: it was cut, or never whole")
    if len(end) > 1:
        raise DamagedLockError("something stands behind its end")
    blocks = dict(_blocks(tables))
    if end["blocks"] != len(blocks):
        raise DamagedLockError(f"it has {len(blocks)} blocks, and its end says {end['blocks']}")
    return Lock(blocks)


def _at(problem: TomlError) -> str:
    return f" (line {problem.line})" if problem.line else f" (`{'.'.join(problem.keys)}`)"


def _blocks(tables: Mapping[str, Any]) -> Iterator[tuple[Key, Block]]:
    known = {activity.value for activity in Activity}
    for activity, runs in tables.items():
        if activity not in known or not isinstance(runs, dict):
            raise DamagedLockError(f"`{activity}` is no table of a lock")
        for run, table in runs.items():
            key = Key(activity, run)
            if not isinstance(table, dict):
                raise DamagedLockError(f"`{key}` is not a table")
            yield key, _read_block(key, table)


def _read_block(key: Key, table: Mapping[str, Any]) -> Block:
    for name in table:
        if name not in KEYS:
            raise DamagedLockError(f"`{key}` has an unknown key `{name}`")
    tiers = {tier.value: tier for tier in Tier}
    if table.get("tier") not in tiers:
        raise DamagedLockError(f"`{key}` has no tier")
    return Block(
        tier=tiers[table["tier"]],
        system=_typed(key, table, "system", str, ""),
        scope=_typed(key, table, "scope", dict, {}),
        figures={name: _typed(key, table, name, int, 0) for name in FIGURES if name in table},
        seeds=_typed(key, table, "seeds", int, 0),
        implementation=_typed(key, table, "implementation", str, ""),
        **{name: tuple(_typed(key, table, name, list, [])) for name in LISTS},
        claims={
            path: _read_claim(key, path, claim)
            for path, claim in _typed(key, table, "claims", dict, {}).items()
        },
    )


def _read_claim(key: Key, path: str, table: Any) -> Claim:
    known = ("text", "outcome", "assurance", "killed_by")
    if not isinstance(table, dict) or any(name not in known for name in table):
        raise DamagedLockError(f"the claim `{path}` of `{key}` is not one")
    texts = [_typed(key, table, name, str, "") for name in known[:3]]
    _check_result(f"`{path}` of `{key}`", texts[1], texts[2])
    killers = tuple(_typed(key, table, "killed_by", list, []))
    return Claim(texts[0], texts[1], texts[2], killers)


def _check_result(where: str, outcome: str, assurance: str) -> None:
    """Raise `DamagedLockError` for words that nothing writes: whatever is found is stronger than an
    assurance that is none, and would pass."""
    if outcome not in {each.value for each in Outcome}:
        raise DamagedLockError(f"the outcome `{outcome}` of {where} is none")
    rests = RESTS.fullmatch(assurance)
    if assurance and rests is None:
        raise DamagedLockError(f"the assurance `{assurance}` of {where} is none")
    if outcome == Outcome.HOLDS.value and not assurance:
        raise DamagedLockError(f"{where} holds, and has no assurance")


def _typed(key: Key, table: Mapping[str, Any], name: str, type_: type, absent: Any) -> Any:
    value = table.get(name, absent)
    if not isinstance(value, type_) or isinstance(value, bool):
        raise DamagedLockError(f"`{name}` of `{key}` is not {type_.__name__}")
    if isinstance(value, int) and value < 0:
        raise DamagedLockError(f"`{name}` of `{key}` is below 0")
    return value
