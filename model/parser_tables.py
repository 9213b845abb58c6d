"""Turn `grammar.lark` into the tables of an LALR(1) automaton, once per machine.

lark checks the grammar and computes the tables. They are kept as JSON in the user's cache
folder under a key of the grammar's text, because importing lark and building takes longer
than parsing every shipped module does. A cache that cannot be read or written only costs time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from splitspec.model.frozen import frozen

STARTS = ("declaration", "lone_expression")
_FORMAT = 1  # Part of the key: the layout of the cached file.


@frozen
class Production:
    """A rule of the grammar as the automaton applies it.

    `name` is the node that it builds, or "" if it hands on its only child; `spliced` rules
    hand their children to the rule that uses them. `kept` says what becomes a child: the
    position of a symbol and whether its children are spliced in, or -1 for an absent option.
    """

    origin: str
    name: str
    length: int
    spliced: bool
    kept: tuple[tuple[int, bool], ...]


@frozen
class Tables:
    """For each state and symbol: the next state, or ~n to reduce by production n."""

    rows: tuple[dict[str, int], ...]
    productions: tuple[Production, ...]
    starts: dict[str, int]
    ends: dict[str, int]  # the state in which a start symbol is complete


def load_tables() -> Tables:
    """Return the tables of the shipped grammar, from the cache if it holds them."""
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    key = hashlib.sha256(f"{_FORMAT}\n{grammar}".encode()).hexdigest()[:24]
    path = _cache_folder() / f"grammar-{key}.json"
    try:
        return _from_json(json.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        tables = build_tables(grammar)
        _store(path, tables)
        return tables


def build_tables(grammar: str) -> Tables:
    """Compute the tables with lark; a conflict in the grammar is an error."""
    from lark import Lark
    from lark.lexer import Lexer

    class LayoutLexer(Lexer):
        """Stands for the layout pass, which makes the tokens."""

        def __init__(self, configuration: object) -> None: ...

        def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Any]:
            raise AssertionError("lark only computes the tables: no text is read here")

    parser = Lark(
        grammar,
        parser="lalr",
        lexer=LayoutLexer,
        start=list(STARTS),
        strict=True,
        maybe_placeholders=True,
    )
    table = parser.parser.parser._parse_table
    rules = sorted(
        {rule for row in table.states.values() for move, rule in row.values() if _reduces(move)},
        key=lambda rule: (str(rule.origin.name), rule.order, str(rule)),
    )
    number = {rule: index for index, rule in enumerate(rules)}
    states = _numbered(table)
    rows = tuple(
        {
            str(symbol): ~number[goal] if _reduces(move) else states[goal]
            for symbol, (move, goal) in sorted(table.states[state].items())
        }
        for state in states
    )
    return Tables(
        rows,
        tuple(_production(rule) for rule in rules),
        {start: states[table.start_states[start]] for start in STARTS},
        {start: states[table.end_states[start]] for start in STARTS},
    )


def _numbered(table: Any) -> dict[Any, int]:
    """Number the states as they are reached; lark's own numbers differ from run to run."""
    found = {table.start_states[start]: None for start in STARTS}
    waiting = list(found)
    for state in waiting:
        for _, (move, goal) in sorted(table.states[state].items()):
            if not _reduces(move) and goal not in found:
                found[goal] = None
                waiting.append(goal)
    return {state: index for index, state in enumerate(found)}


def _reduces(move: Any) -> bool:
    return str(move.name) == "Reduce"


def _production(rule: Any) -> Production:
    """Say which symbols of a lark rule become children, as lark's own tree builder would."""
    options = rule.options
    absent = [False] * len(rule.expansion)
    if options.empty_indices:
        absent = list(options.empty_indices)
    kept: list[tuple[int, bool]] = []
    position = 0
    for is_absent in absent:
        if is_absent:
            kept.append((-1, False))
            continue
        symbol = rule.expansion[position]
        if not (symbol.is_term and symbol.filter_out):
            kept.append((position, not symbol.is_term and symbol.name.startswith("_")))
        position += 1
    origin = str(rule.origin.name)
    spliced = origin.startswith("_")
    hands_on = options.expand1 and not rule.alias and len(kept) == 1
    name = "" if spliced or hands_on else str(rule.alias or origin)
    return Production(origin, name, len(rule.expansion), spliced, tuple(kept))


def _cache_folder() -> Path:
    """Return the user's cache folder for this program."""
    root = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # A relative one is to be ignored: it would be another folder wherever one is.
    return (root if root.is_absolute() else Path(os.path.expanduser("~")) / ".cache") / "splitspec"


def _store(path: Path, tables: Tables) -> None:
    """Write `tables` so that a concurrent reader sees all of them or none."""
    rows = [list(row.items()) for row in tables.rows]
    productions = [
        [p.origin, p.name, p.length, p.spliced, [list(kept) for kept in p.kept]]
        for p in tables.productions
    ]
    text = json.dumps([rows, productions, tables.starts, tables.ends], separators=(",", ":"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError:
        return


def _from_json(data: Any) -> Tables:
    rows, productions, starts, ends = data
    return Tables(
        tuple(dict(row) for row in rows),
        tuple(
            Production(origin, name, length, spliced, tuple((at, bool(s)) for at, s in kept))
            for origin, name, length, spliced, kept in productions
        ),
        starts,
        ends,
    )
