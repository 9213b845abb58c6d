"""Formulas of mypyvy's language, as text that knows how tightly it holds together.

What is plainly true or false is folded as it is put together. (mypyvy, src/parser.py: a quantifier
reaches as far as it can, `!` binds tighter than `=`.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from splitspec.model.frozen import frozen

LOOSE, IMPLIES, OR, AND, RELATION, SUM, TIGHT = range(7)


@frozen
class Phrase:
    text: str
    tightness: int = TIGHT

    def within(self, tightness: int) -> str:
        """Return the text, in parentheses if it holds less tightly than asked."""
        return self.text if self.tightness >= tightness else f"({self.text})"

    def __str__(self) -> str:
        return self.text


TRUE, FALSE = Phrase("true"), Phrase("false")


def conjunction(parts: Iterable[Phrase]) -> Phrase:
    kept = [part for part in dict.fromkeys(parts) if part != TRUE]
    if FALSE in kept:
        return FALSE
    return _joined(kept, "&", AND) if kept else TRUE


def disjunction(parts: Iterable[Phrase]) -> Phrase:
    kept = [part for part in dict.fromkeys(parts) if part != FALSE]
    if TRUE in kept:
        return TRUE
    return _joined(kept, "|", OR) if kept else FALSE


def _joined(parts: Sequence[Phrase], sign: str, tightness: int) -> Phrase:
    if len(parts) == 1:
        return parts[0]
    texts = [part.within(tightness) for part in parts]
    return Phrase(f" {sign} ".join(texts), tightness)


def negation(part: Phrase) -> Phrase:
    if part in (TRUE, FALSE):
        return FALSE if part == TRUE else TRUE
    if part.text.startswith("!") and part.tightness == TIGHT:
        return Phrase(part.text[1:])
    return Phrase(f"!{part.within(TIGHT)}")


def implication(premise: Phrase, conclusion: Phrase) -> Phrase:
    if premise == TRUE:
        return conclusion
    if premise == FALSE or conclusion == TRUE:
        return TRUE
    if conclusion == FALSE:
        return negation(premise)
    return Phrase(f"{premise.within(OR)} -> {conclusion.within(OR)}", IMPLIES)


def equivalence(left: Phrase, right: Phrase) -> Phrase:
    """Return that two truths are the same."""
    for one, other in ((left, right), (right, left)):
        if one == TRUE:
            return other
        if one == FALSE:
            return negation(other)
    return Phrase(f"{left.within(OR)} <-> {right.within(OR)}", LOOSE)


def relation(left: Phrase, sign: str, right: Phrase) -> Phrase:
    return Phrase(f"{left.within(SUM)} {sign} {right.within(SUM)}", RELATION)


def arithmetic(left: Phrase, sign: str, right: Phrase) -> Phrase:
    return Phrase(f"{left.within(SUM)} {sign} {right.within(TIGHT)}", SUM)


def choice(condition: Phrase, positive: Phrase, negative: Phrase) -> Phrase:
    """Return one of two values that are no truths."""
    if condition == TRUE or positive == negative:
        return positive
    if condition == FALSE:
        return negative
    return Phrase(f"(if {condition} then {positive} else {negative})")


def alternative(condition: Phrase, positive: Phrase, negative: Phrase) -> Phrase:
    """Return one of two truths."""
    if positive == TRUE:
        return disjunction((condition, negative))
    if positive == FALSE:
        return conjunction((negation(condition), negative))
    if negative == FALSE:
        return conjunction((condition, positive))
    return choice(condition, positive, negative)


def quantified(word: str, binders: Sequence[tuple[str, str]], body: Phrase) -> Phrase:
    """Return `forall` or `exists` over names with their sorts."""
    if not binders or body in (TRUE, FALSE):
        return body
    names = ", ".join(f"{name}: {sort}" for name, sort in binders)
    return Phrase(f"{word} {names}. {body}", LOOSE)


def applied(name: str, arguments: Sequence[Phrase]) -> Phrase:
    return Phrase(f"{name}({', '.join(map(str, arguments))})" if arguments else name)


def after(part: Phrase) -> Phrase:
    """Return the value in the state after the step."""
    return Phrase(f"new({part})")
