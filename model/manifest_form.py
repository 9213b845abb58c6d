"""Read values of a table of `models.toml`, each with its place, and collect what is wrong with the
form of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.manifest_entry import Pin
from splitspec.model.manifest_lines import Positions
from splitspec.model.tier import Tier


class Form:
    """The table of one model. `keys` lead from there to what is read."""

    def __init__(self, name: str, positions: Positions) -> None:
        self.name = name
        self.positions = positions
        self.diagnostics: list[Diagnostic] = []

    def tier(self, value: Any, keys: tuple[str, ...]) -> Tier:
        tiers = {tier.value: tier for tier in Tier}
        if value in list(tiers):
            return tiers[value]
        message = f"`{value}` is no tier"
        self.refuse("SS515", message, keys, f"Write one of {', '.join(tiers)}.")
        return Tier.COMMIT

    def positive(self, table: Mapping[str, Any], key: str, keys: tuple[str, ...]) -> int | None:
        number = self.count(table, key, keys)
        if number is not None and number < 1:
            self.refuse("SS503", f"`{key}` is below 1", (*keys, key))
        return number

    def listed(self, texts: Any, keys: tuple[str, ...]) -> tuple[str, ...]:
        if not isinstance(texts, list):
            self.refuse("SS503", f"`{keys[-1]}` is not a list", keys)
            return ()
        return tuple(self.text(text, keys) for text in texts)

    def sizes(self, table: Mapping[str, Any], keys: tuple[str, ...]) -> Mapping[str, int]:
        sizes = self.numbers(table, "scope", keys)
        for sort, size in sizes.items():
            if size < 1:
                message = f"the size of `{sort}` is {size}, less than 1"
                help_ = "A sort has at least one element."
                self.refuse("SS507", message, (*keys, "scope", sort), help_)
        return sizes

    def numbers(
        self, table: Mapping[str, Any], key: str, keys: tuple[str, ...]
    ) -> Mapping[str, int]:
        numbers = self.table(table, key, keys)
        for name, value in numbers.items():
            if not isinstance(value, int) or isinstance(value, bool):
                self.refuse("SS503", f"`{name}` is not a number", (*keys, key, name))
            elif value < 0:
                self.refuse("SS503", f"`{name}` is below 0", (*keys, key, name))
        return {n: v for n, v in numbers.items() if isinstance(v, int)}

    def pins(self, table: Mapping[str, Any], keys: tuple[str, ...]) -> Mapping[str, Pin]:
        pins = self.table(table, "pins", keys)
        for name, value in pins.items():
            if not isinstance(value, str | int):
                self.refuse("SS503", f"`{name}` is not a value", (*keys, "pins", name))
        return {n: v for n, v in pins.items() if isinstance(v, str | int)}

    def texts(self, table: Mapping[str, Any], key: str, keys: tuple[str, ...]) -> Mapping[str, str]:
        texts = self.table(table, key, keys)
        return {name: self.text(value, (*keys, key, name)) for name, value in texts.items()}

    def reasons(
        self, table: Mapping[str, Any], key: str, keys: tuple[str, ...]
    ) -> Mapping[str, str]:
        """Return why each name is listed: without a reason, nobody can tell it from a slip."""
        reasons = self.texts(table, key, keys)
        for name, reason in reasons.items():
            if not reason.strip():
                self.refuse("SS503", f"`{name}` has no reason", (*keys, key, name), "Say why.")
        return reasons

    def text(self, value: Any, keys: tuple[str, ...]) -> str:
        if not isinstance(value, str):
            self.refuse("SS503", f"`{keys[-1]}` is not a string", keys)
        return str(value)

    def count(self, table: Mapping[str, Any], key: str, keys: tuple[str, ...]) -> int | None:
        value = table.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            self.refuse("SS503", f"`{key}` is not a number", (*keys, key))
            return None
        return value

    def table(self, table: Mapping[str, Any], key: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
        value = table.get(key, {})
        if not isinstance(value, dict):
            self.refuse("SS503", f"`{key}` is not a table", (*keys, key))
            return {}
        return value

    def refuse_unknown(
        self, table: Mapping[str, Any], known: Collection[str], keys: tuple[str, ...]
    ) -> None:
        for key in table:
            if key not in known:
                help_ = f"Here may stand: {', '.join(known)}."
                self.refuse("SS502", f"unknown key `{key}`", (*keys, key), help_)

    def refuse(self, code: str, message: str, keys: tuple[str, ...], help_: str = "") -> None:
        span = self.positions.span(self.name, *keys)
        self.diagnostics.append(Diagnostic(code, message, span, help=help_))
