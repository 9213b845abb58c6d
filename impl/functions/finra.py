"""A function chain after FINRA's trade validation: fetch a portfolio, audit it, report.

The zygote holds the runtime and a table of public prices. `fetch` gets a customer's trades over an
encrypted connection and puts them into a channel; each clone that runs `audit` reads them there,
applies one rule, and writes its findings into a second channel; `report` sends these on, encrypted.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

from splitspec.impl.libos.process import Process

SYMBOLS = 1500
CONTEXT = 4096  # before the table: what the runtime notes of the call that it serves
WIDTH = 4096  # of the piece of the channel that a rule writes its findings to
RULES = ("price", "size", "side", "time", "wash", "limit", "restricted", "duplicate")


@dataclass(frozen=True, slots=True)
class Places:
    """Byte addresses that the functions of the chain agree on."""

    prices: int
    trades: int
    findings: int

    def encode(self, rule: str = "") -> bytes:
        """Return the event of a function."""
        return json.dumps([self.prices, self.trades, self.findings, rule]).encode()


def decode(event: bytes) -> tuple[Places, str]:
    """Read an event."""
    *places, rule = json.loads(event)
    return Places(*places), rule


def warm_up(process: Process, event: bytes) -> bytes:
    """In the zygote: build the table of prices that all clones share."""
    numbers = random.Random(2025)
    prices = {f"S{number:04}": round(numbers.uniform(5, 500), 2) for number in range(SYMBOLS)}
    context = process.brk()
    table = context + CONTEXT
    data = _framed(json.dumps(prices).encode())
    process.brk(table + len(data))
    process.store(context, b"idle")
    process.store(table, data)
    return table.to_bytes(8, "big")


def fetch(process: Process, event: bytes) -> bytes:
    """Get the trades of the customer, and share them with the chain."""
    places, customer = decode(event)
    connection = process.connect("trades")
    process.send(connection, customer.encode())
    trades = _receive(process, connection)
    process.store(places.trades, _framed(trades))
    return str(len(json.loads(trades))).encode()


def audit(process: Process, event: bytes) -> bytes:
    """Apply one rule to all trades, with the limits of the image; leave the findings."""
    places, rule = decode(event)
    process.store(places.prices - CONTEXT, rule.encode())  # the clone gets a copy of its own
    number = process.open("/rules.json")
    limits = json.loads(process.read(number, 1 << 16))
    process.close(number)
    prices = json.loads(_load(process, places.prices))
    trades = json.loads(_load(process, places.trades))
    found = [trade["id"] for trade in trades if breaks(rule, trade, trades, prices, limits)]
    scratch = process.open(f"/tmp/{rule}", create=True)
    process.write(scratch, json.dumps(found).encode())
    place = places.findings + RULES.index(rule) * WIDTH
    process.store(place, _framed(json.dumps(found).encode()))
    return str(len(found)).encode()


def report(process: Process, event: bytes) -> bytes:
    """Send what was found to the customer."""
    places, _ = decode(event)
    found = {
        rule: json.loads(_load(process, places.findings + index * WIDTH))
        for index, rule in enumerate(RULES)
    }
    connection = process.connect("reports")
    process.send(connection, json.dumps(found).encode())
    return _receive(process, connection)


def breaks(
    rule: str,
    trade: dict[str, object],
    trades: list[dict[str, object]],
    prices: dict[str, float],
    limits: dict[str, object],
) -> bool:
    """Say whether a trade breaks a rule."""
    price, size = float(str(trade["price"])), int(str(trade["size"]))
    same = [other for other in trades if other["symbol"] == trade["symbol"]]
    match rule:
        case "price":
            market = prices[str(trade["symbol"])]
            return abs(price - market) > float(str(limits["deviation"])) * market
        case "size":
            return size <= 0
        case "side":
            return trade["side"] not in ("buy", "sell")
        case "time":
            return int(str(trade["reported"])) - int(str(trade["time"])) > int(str(limits["delay"]))
        case "wash":
            return any(
                other["side"] != trade["side"] and other["time"] == trade["time"] for other in same
            )
        case "limit":
            return sum(int(str(other["size"])) for other in same) > int(str(limits["position"]))
        case "restricted":
            return str(trade["symbol"]) in str(limits["restricted"])
        case _:
            return sum(other["id"] == trade["id"] for other in trades) > 1


def _receive(process: Process, connection: int) -> bytes:
    while (data := process.receive(connection)) is None:
        process.epoll_wait([connection])
    return data


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _load(process: Process, start: int) -> bytes:
    return process.load(start + 4, int.from_bytes(process.load(start, 4), "big"))
