"""Explain in the words of the language why a token is refused.

Each rule recognises one mistake that people make. They are asked in the order of `_rules`;
when none knows better, the message says what stands here and what may stand here.
"""

from __future__ import annotations

from collections.abc import Callable

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.parser_automaton import Refusal, accepted
from splitspec.model.parser_context import Context
from splitspec.model.parser_tables import Tables
from splitspec.model.parser_words import (
    ASSIGNING,
    COMPARATORS,
    DECLARING,
    FOREIGN_WORDS,
    ITEMS,
    JOINING,
    KEYWORD_TYPES,
    LOW,
    RESERVED,
    keywords_like,
    listed,
    shown,
)
from splitspec.model.scanner import Token
from splitspec.model.source import Source

Rule = Callable[[Context], Diagnostic | None]


def explain(
    tables: Tables, start: str, source: Source, tokens: list[Token], refusal: Refusal
) -> Diagnostic:
    """Return the diagnostic of the first rule that knows the mistake."""
    context = Context(
        tables, source, start, tokens, refusal.position, accepted(tables, refusal.states)
    )
    for rule in _rules():
        diagnostic = rule(context)
        if diagnostic is not None:
            return diagnostic
    return _unexpected(context)


def _rules() -> tuple[Rule, ...]:
    return (
        _later_word,
        _item_in_column_1,
        _declaration_in_block,
        _item_in_wrong_block,
        _text_out_of_place,
        _guard_without_label,
        _foreign_word,
        _misspelled,
        _assignment,
        _chained_comparison,
        _initial_value,
        _low_operand,
        _keyword_as_name,
        _missing_actor,
        _missing_block,
        _deeper_line,
        _dangling_operator,
        _missing_colon,
        _missing_parameters,
    )


def _later_word(at: Context) -> Diagnostic | None:
    """`observer host sees …`"""
    if at.token.type not in RESERVED or not at.begins_line or at.following == "COLON":
        return None
    return at.diagnose(
        "SS127",
        f"{shown(at.token)} is kept for later use",
        "no construct is written with it yet",
        "leave it out; noninterference is not checked yet",
    )


def _item_in_column_1(at: Context) -> Diagnostic | None:
    """A guard or an update that is not indented."""
    looks_like_update = at.token.type in ("NAME", "PATH") and at.following in (
        ASSIGNING | {"LSQB", "COLON"}
    )
    is_item = at.token.type in ITEMS or at.token.type in LOW or at.token.type == "TEXT"
    if at.position > 0 or at.start != "declaration" or not (is_item or looks_like_update):
        return None
    return at.diagnose(
        "SS112",
        "this line stands in column 1, where declarations begin",
        "expected a declaration",
        "indent the line by two spaces more than the declaration that it belongs to",
    )


def _declaration_in_block(at: Context) -> Diagnostic | None:
    """An indented `invariant`."""
    word = at.token.type
    if word not in DECLARING or not at.begins_line or at.position == 0:
        return None
    if at.following not in ("NAME", "PATH", "VAR") and word not in ("INIT", "FINAL"):
        return None
    return at.diagnose(
        "SS112",
        f"{shown(at.token)} declares something, but stands inside a block",
        f"expected {listed(at.expected)}",
        "begin the declaration in column 1",
    )


def _item_in_wrong_block(at: Context) -> Diagnostic | None:
    """A guard in an invariant, an update in a variant."""
    owner = ITEMS.get(at.token.type)
    if owner is None or not at.begins_line or at.following == "COLON":
        return None
    return at.diagnose(
        "SS112",
        f"{shown(at.token)} does not belong into this block",
        f"expected {listed(at.expected)}",
        f"such a line stands in {owner}",
    )


def _text_out_of_place(at: Context) -> Diagnostic | None:
    """A text that is not the first line of a block, or that is written as a string."""
    if at.token.type == "STRING" and "TEXT" in at.expected:
        return at.diagnose(
            "SS125",
            "a text is enclosed in three quotes",
            'expected `"""`',
            'write `"""…"""`; one quote on each side is for `cites` and `asked by`',
        )
    if at.token.type != "TEXT":
        return None
    return at.diagnose(
        "SS125",
        "a text cannot stand here",
        f"expected {listed(at.expected)}",
        "the text of a module, action, part, extension, property or variant is the first line of "
        "its block; elsewhere use a comment, `#`",
    )


def _guard_without_label(at: Context) -> Diagnostic | None:
    """`when npt[g] = f`"""
    guard_label = at.previous.type == "WHEN" and at.token.type != "NAME"
    after_name = (
        at.before > 0
        and at.tokens[at.before - 1].type == "WHEN"
        and (at.token.type in COMPARATORS or at.token.type in ("LSQB", "LPAR", "AND", "OR"))
    )
    if not (guard_label or after_name) or "_INDENT" in at.expected:
        return None
    if guard_label and (at.following == "COLON" or at.begins_line):
        return None
    return at.diagnose_at(
        at.before if guard_label else at.before - 1,
        "SS123",
        "this guard has no label",
        "expected `when label:`",
        "every guard is named, `when backed: npt[g] = f`, so that a variant can drop it and a "
        "refusal can say which one it was",
    )


def _foreign_word(at: Context) -> Diagnostic | None:
    """`forall x: S`, `a iff b`, `all x in S`"""
    for position in (at.position, at.before):
        token = at.tokens[position]
        found = FOREIGN_WORDS.get(token.text) if token.type == "NAME" else None
        if found is None:
            continue
        meant, remedy = found
        return at.diagnose_at(
            position, "SS115", f"{shown(token)} is written `{meant}`", f"expected `{meant}`", remedy
        )
    return None


def _misspelled(at: Context) -> Diagnostic | None:
    """A word that is nearly the keyword that could stand in its place."""
    for position in (at.position, at.before):
        token = at.tokens[position]
        if token.type != "NAME":
            continue
        expected = at.expected if position == at.position else at.expected_at(position)
        meant = keywords_like(token.text, expected)
        if meant:
            return at.diagnose_at(
                position,
                "SS111",
                f"{shown(token)} is no keyword; did you mean `{meant[0]}`?",
                f"expected {listed(expected)}",
                f"write `{meant[0]}`",
            )
    if at.position > 0 or at.start != "declaration":
        return None
    return at.diagnose(
        "SS111",
        f"{shown(at.token)} begins no declaration",
        "expected a declaration, such as `var`, `action` or `invariant`",
        "a line in column 1 begins with the word that says what is declared; the lines of its "
        "block are indented",
    )


def _assignment(at: Context) -> Diagnostic | None:
    """`=` for `:=` in an update, and the other way round."""
    if at.token.type == "EQUAL" and "ASSIGN" in at.expected:
        return at.diagnose(
            "SS116",
            "an update is written with `:=`",
            "expected `:=`",
            "`=` compares two values; if a guard is meant, write `when label: …`",
        )
    if at.token.type not in ASSIGNING:
        return None
    if "EQUAL" in at.expected:
        return at.diagnose(
            "SS116",
            f"`{at.token.text}` updates a variable, but no update can stand here",
            "expected `=`",
            "`=` compares two values and defines; updates stand in actions, parts and `init`",
        )
    return None


def _chained_comparison(at: Context) -> Diagnostic | None:
    """`a < b < c`"""
    if at.token.type not in COMPARATORS or "AND" not in at.expected:
        return None
    return at.diagnose(
        "SS117",
        "comparisons cannot be chained",
        "a second comparison",
        "join two comparisons with `and`, or put the first one in parentheses if its truth is "
        "compared",
    )


def _initial_value(at: Context) -> Diagnostic | None:
    """`var x: bool = false`"""
    head = at.tokens[0].type
    if head not in ("VAR", "GHOST", "CONST") or at.token.type not in ("EQUAL", "ASSIGN"):
        return None
    if head == "CONST":
        remedy = "a model pins a constant in models.toml; a variant by `set NAME = value`"
    else:
        remedy = "values at the start are `false`, `0`, `none` and an enum's first member; others "
        remedy += "are given in `init`, `phase[c] := running for c: Container where c = zygote`"
    return at.diagnose(
        "SS116", "a declaration gives no value", "expected the end of the line", remedy
    )


def _low_operand(at: Context) -> Diagnostic | None:
    """`p and all x: S: q`"""
    if at.token.type not in LOW or not at.expects_operand or at.following == "COLON":
        return None
    word = at.token.text
    return at.diagnose(
        "SS118",
        f"`{word}` cannot stand in the middle of an expression without parentheses",
        "expected `(` before it",
        f"write `({word} …)`; without parentheses it stands first or after `implies`, where it "
        "reaches to the end of the line",
    )


def _keyword_as_name(at: Context) -> Diagnostic | None:
    """`var count: nat`"""
    word = at.token.type
    if word not in KEYWORD_TYPES or "NAME" not in at.expected:
        return None
    named = at.following in ("COLON", "LPAR", "LSQB", "EQUAL", "COMMA") or at.position == 1
    if word in JOINING and not named:
        return None
    return at.diagnose(
        "SS119",
        f"`{at.token.text}` is a keyword and cannot be a name",
        "expected a name",
        f"choose another name, such as `{at.token.text}_`",
    )


def _missing_actor(at: Context) -> Diagnostic | None:
    """An action without `by`."""
    if at.tokens[0].type != "ACTION" or "BY" not in at.expected:
        return None
    return at.diagnose(
        "SS124",
        "nobody is said to take this action",
        "expected `by`",
        "end the header with the actor: `by kernel`, `by kernel for c`, `by host`, "
        "`by container[c]`, `by hardware` or `by verifier`",
    )


def _missing_block(at: Context) -> Diagnostic | None:
    """A header with nothing below it, or only a text."""
    ends = at.token.type in ("$END", "_DEDENT", "_NEWLINE") or at.begins_line
    if not ends or at.position == 0:
        return None
    nothing = at.expected == {"_INDENT"}
    only_text = at.token.type in ("_DEDENT", "$END") and at.previous.type in ("TEXT", "STRING")
    if not nothing and not only_text:
        return None
    return at.diagnose_at(
        0 if at.token.type == "$END" or only_text else at.before,
        "SS122",
        "the block of this declaration is missing" if nothing else "this block says nothing",
        f"expected {listed(at.expected)}",
        "write the lines of the block below, two spaces further right",
    )


def _deeper_line(at: Context) -> Diagnostic | None:
    """A line that is indented deeper than its block."""
    if at.token.type != "_INDENT":
        return None
    after = at.tokens[at.position + 1]
    return at.diagnose_at(
        at.position + 1,
        "SS103",
        "this line is deeper than its block",
        f"nothing above opens a block for {shown(after)}",
        "begin it in the column of the line above; a line goes on below only if the deeper line "
        "begins with a word such as `and`, `or`, `implies` or `where`",
    )


def _dangling_operator(at: Context) -> Diagnostic | None:
    """A line that ends in `and`."""
    ends = at.token.type == "_NEWLINE" and at.expects_operand
    if not ends or at.previous.type not in COMPARATORS | JOINING | {"NOT", "PLUS", "MINUS"}:
        return None
    return at.diagnose_at(
        at.before,
        "SS120",
        f"the line ends in {shown(at.previous)}",
        "expected an expression after it",
        "begin the next, deeper line with the operator, or put the whole in parentheses",
    )


def _missing_colon(at: Context) -> Diagnostic | None:
    """`all x: S p`, `action f(c Container)`"""
    if "COLON" not in at.expected or at.expected & (ASSIGNING | {"AND"}):
        return None
    after = shown(at.previous)
    return at.diagnose(
        "SS121",
        f"a `:` is missing after {after}",
        "expected `:`",
        "`name: Type` declares, `all x: S: p` quantifies, `when label: p` guards",
    )


def _missing_parameters(at: Context) -> Diagnostic | None:
    """`action tick by host`"""
    head = at.tokens[0].type
    if at.position != 2 or head not in ("ACTION", "PART", "EXTEND") or "LPAR" not in at.expected:
        return None
    return at.diagnose(
        "SS120",
        f"the parameters of {shown(at.previous)} are missing",
        "expected `(`",
        "write `()` where there are none",
    )


def _unexpected(at: Context) -> Diagnostic:
    """Say what stands here and what may."""
    if "_NEWLINE" in at.expected and len(at.expected) == 1:
        remedy = "nothing can follow on this line"
    elif at.token.type in ("_NEWLINE", "$END", "_DEDENT"):
        remedy = "the line, or what it begins, is not complete"
    else:
        remedy = ""
    return at.diagnose(
        "SS120", f"unexpected {_lower(shown(at.token))}", f"expected {listed(at.expected)}", remedy
    )


def _lower(words: str) -> str:
    return words.removeprefix("the ")
