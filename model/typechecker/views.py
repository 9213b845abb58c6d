"""Turn views into typed ones: lanes, messages between them, and what is drawn of a state."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import assert_never

from splitspec.model import ir, syntax
from splitspec.model.ir import ActorKind, DrawingKind
from splitspec.model.resolver import SymbolKind, did_you_mean
from splitspec.model.typechecker.actions import renamed_parameters, text_of
from splitspec.model.typechecker.environment import Environment, Place
from splitspec.model.typechecker.expressions import infer, truth
from splitspec.model.typechecker.type_expressions import is_integer, read_binders, shown

_DRAWINGS = tuple(kind.value for kind in DrawingKind)
_ACTORS = tuple(kind.value for kind in ActorKind if kind is not ActorKind.ASSUMPTION)
_FORMS = {
    DrawingKind.COLUMN: "column NAME x: S",
    DrawingKind.OWNER: "owner NAME x: S, c: T where p",
    DrawingKind.CLAIM: "claim NAME x: S, c: T where p",
    DrawingKind.LINK: "link NAME x: S, y: T where p",
    DrawingKind.MARK: "mark NAME x: S where p",
    DrawingKind.LEDGER: "ledger NAME x: S = number of whole",
    DrawingKind.TRACK: "track NAME x: S, y: T where p",
}


def view(env: Environment, declared: syntax.View, before: Iterable[ir.View]) -> ir.View | None:
    """Return the view. The lanes of the views `before` it are known to it."""
    env = env.at(Place.PROPERTY)
    lanes = {item.name: item for one in before for item in one.items if isinstance(item, ir.Lane)}
    items: list[ir.Lane | ir.Message | ir.Drawing | None] = []
    for item in declared.items:
        match item:
            case syntax.Lane():
                lane = _lane(env, item)
                if lane is not None:
                    lanes[lane.name] = lane
                items.append(lane)
            case syntax.Message():
                items.append(_message(env, item, lanes))
            case syntax.Drawing():
                items.append(_drawing(env, item))
            case _:
                assert_never(item)
    sound = tuple(item for item in items if item is not None)
    if len(sound) < len(items):
        return None
    text = text_of(declared.text)
    return ir.View(str(declared.name), env.module, sound, text, declared.span)


def _lane(env: Environment, written: syntax.Lane) -> ir.Lane | None:
    if not _begins_with(env, written.word, ("lane",)):
        return None
    if str(written.actor) not in _ACTORS:
        env.report(
            "SS415",
            f"`{written.actor}` is no kind of actor",
            written.actor.span,
            label=f"expected one of {', '.join(_ACTORS)}",
            help=did_you_mean(str(written.actor), _ACTORS),
        )
        return None
    binders, _ = read_binders(env, written.binders, "an index of a lane")
    if binders is None:
        return None
    return ir.Lane(str(written.name), binders, ActorKind(str(written.actor)), written.span)


def _message(
    env: Environment, written: syntax.Message, lanes: dict[str, ir.Lane]
) -> ir.Message | None:
    if not _begins_with(env, written.word, ("message",)):
        return None
    symbol = env.find(written.action, (SymbolKind.ACTION,), "an action")
    if symbol is None:
        return None
    renamed = renamed_parameters(env, symbol, written.names, f"message {written.action}")
    if renamed.parameters is None:
        return None
    ends = [written.source] if written.target is None else [written.source, written.target]
    sound = [_is_sound(env, end, lanes, renamed.parameters) for end in ends]
    if not all(sound):
        return None
    source, *target = ((str(end.lane), tuple(map(str, end.names))) for end in ends)
    return ir.Message(
        symbol.path, renamed.parameters, source, target[0] if target else None, written.span
    )


def _is_sound(
    env: Environment,
    end: syntax.End,
    lanes: dict[str, ir.Lane],
    parameters: tuple[ir.Parameter, ...],
) -> bool:
    """Report an end that is no lane, or has other indices than the lane."""
    lane = lanes.get(str(end.lane))
    if lane is None and str(end.lane) in _ACTORS:
        return _is_actor(env, end, parameters)
    if lane is None:
        env.report(
            "SS434",
            f"`{end.lane}` is no lane",
            end.lane.span,
            label="expected a lane of this view, or of one above it",
            help=did_you_mean(str(end.lane), lanes) or f"write `lane {end.lane} by host` before it",
        )
        return False
    types = {parameter.name: parameter.type for parameter in parameters}
    given = [types.get(str(name)) for name in end.names]
    if given != [binder.type for binder in lane.binders]:
        indices = ", ".join(f"{b.name}: {b.type}" for b in lane.binders)
        usage = f"{lane.name}[{indices}]" if indices else lane.name
        env.report(
            "SS434",
            f"`{end.span.text}` does not name a lane",
            end.span,
            label=f"the lane is `{usage}`",
            help="index it by parameters of the action, of the same sorts",
        )
        return False
    return True


def _is_actor(env: Environment, end: syntax.End, parameters: tuple[ir.Parameter, ...]) -> bool:
    """Report the lane of an actor, which needs no declaration, if its indices are others."""
    needed = 1 if str(end.lane) == ActorKind.CONTAINER.value else 0
    known = {parameter.name for parameter in parameters}
    if len(end.names) == needed and all(str(name) in known for name in end.names):
        return True
    env.report(
        "SS434",
        f"`{end.span.text}` does not name a lane",
        end.span,
        label=f"expected `{end.lane}{'[c]' if needed else ''}`",
        help="a container's lane is indexed by a parameter of the action, the others by none",
    )
    return False


def _drawing(env: Environment, written: syntax.Drawing) -> ir.Drawing | None:
    if not _begins_with(env, written.word, _DRAWINGS):
        return None
    kind = DrawingKind(str(written.word))
    binders, inner = read_binders(env, written.binders, "a name in a view")
    if binders is None or not _has_form(env, kind, written):
        return None
    whole = None
    if written.form == "where":
        value = None if written.value is None else truth(inner, written.value)
    else:
        value = _shown_value(inner, kind, written.value)
        whole = None if written.whole is None else _shown_value(env, kind, written.whole)
    if (value is None) != (written.value is None) or (whole is None) != (written.whole is None):
        return None
    return ir.Drawing(kind, str(written.label), binders, value, whole, written.span)


def _shown_value(
    env: Environment, kind: DrawingKind, written: syntax.Expression | None
) -> ir.Expression | None:
    """Return a value that is shown: a number in a ledger, anything in a mark."""
    assert written is not None
    value = infer(env, written)
    if value is None or kind is DrawingKind.MARK or is_integer(value.type):
        return value
    env.report(
        "SS301",
        f"`{written.span.text}` is {shown(value.type)}",
        written.span,
        label="expected a number",
        help="a ledger adds up numbers: a counter, or `count x: S where p` in parentheses",
    )
    return None


def _has_form(env: Environment, kind: DrawingKind, written: syntax.Drawing) -> bool:
    """Report a line that says too little or too much for what it draws."""
    pairs = kind in (DrawingKind.OWNER, DrawingKind.CLAIM, DrawingKind.LINK, DrawingKind.TRACK)
    match kind:
        case DrawingKind.COLUMN:
            fits = written.value is None
        case DrawingKind.LEDGER:
            fits = written.form == "="
        case DrawingKind.MARK:
            fits = written.value is not None and written.whole is None
        case _:
            fits = written.form == "where" and written.value is not None
    if fits and (len(written.binders) > 1 or not pairs):
        return True
    env.report(
        "SS433",
        f"this is no line of a `{kind.value}`",
        written.span,
        label=f"expected `{_FORMS[kind]}`",
        help="docs/language.md, section 11, says what each line draws",
    )
    return False


def _begins_with(env: Environment, word: syntax.Name, known: Collection[str]) -> bool:
    if str(word) in known:
        return True
    every = ("lane", "message", *_DRAWINGS)
    env.report(
        "SS433",
        f"`{word}` begins no line of a view"
        if str(word) not in every
        else f"this is no line of a `{word}`",
        word.span,
        label=f"expected {' or '.join(known) if len(known) == 1 else 'one of ' + ', '.join(known)}",
        help=did_you_mean(str(word), every) if str(word) not in every else _form(str(word)),
    )
    return False


def _form(word: str) -> str:
    if word == "lane":
        return "the form is `lane NAME[x: S] by host`"
    if word == "message":
        return "the form is `message ACTION(x, y): LANE[x] to LANE[y]`"
    return f"the form is `{_FORMS[DrawingKind(word)]}`"
