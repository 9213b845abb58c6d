"""Explain in the words of the language why a token is refused.

Each rule recognises one mistake that people make. They are asked in the order of `_rules`;
when none knows better, the message says what stands here and what may stand here.
"""

from __future__ import annotations

from collections.abc import Callable

from splitspec.model import parser_line_mistakes as lines
from splitspec.model import parser_word_mistakes as words
from splitspec.model.diagnostic import Diagnostic
from splitspec.model.parser_automaton import Refusal, accepted
from splitspec.model.parser_context import Context
from splitspec.model.parser_tables import Tables
from splitspec.model.parser_words import FORMS, listed, shown
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
    """The more a rule asks for, the earlier it stands."""
    return (
        lines.later_word,
        lines.item_in_column_1,
        lines.declaration_in_block,
        lines.item_in_wrong_block,
        lines.text_out_of_place,
        lines.guard_without_label,
        lines.list_sign,
        words.binding_of_update,
        words.foreign_word,
        words.misspelled,
        words.assignment,
        words.chained_comparison,
        words.initial_value,
        words.low_operand,
        words.branch,
        words.keyword_as_name,
        lines.missing_actor,
        lines.claim_in_header,
        lines.missing_block,
        lines.deeper_line,
        lines.part_without_do,
        words.dangling_operator,
        words.missing_colon,
        lines.missing_parameters,
    )


def _unexpected(at: Context) -> Diagnostic:
    """Say what stands here and what may."""
    form = FORMS.get(at.line_head)
    if form is not None:
        remedy = f"the form is {form}"
    elif at.expected == {"_NEWLINE"}:
        remedy = "nothing can follow on this line"
    elif "ASSIGN" in at.expected:
        remedy = "the form is `label: f[a] := e`"
    elif at.token.type in ("_NEWLINE", "$END", "_DEDENT"):
        remedy = "the line, or what it begins, is not complete"
    else:
        remedy = ""
    return at.diagnose(
        "SS120",
        f"unexpected {shown(at.token).removeprefix('the ')}",
        f"expected {listed(at.expected)}",
        remedy,
    )
