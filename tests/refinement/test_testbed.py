"""Whose data a page holds is seen in all of its bytes."""

from __future__ import annotations

import pytest

from splitspec.impl.geometry import PAGE, ZEROS
from splitspec.refinement.machine.testbed import HEAD, SENT, mark, marked, message
from splitspec.refinement.observation import UnreadableError

SLOTS = 2
PARTS = {
    "the head is another container's": mark(1)[:HEAD] + mark(0)[HEAD:],
    "the end is another container's": mark(0)[:-HEAD] + mark(1)[-HEAD:],
    "the head was cleared": bytes(HEAD) + mark(0)[HEAD:],
    "the end was cleared": mark(0)[:-1] + bytes(1),
    "a mark lies anywhere": bytes(100) + mark(1)[:HEAD] + bytes(PAGE - HEAD - 100),
    "a message lies in another page": bytes(HEAD) + message(0, 1)[HEAD:],
    "a message is cut off": SENT + bytes(HEAD - len(SENT)) + mark(0)[HEAD:],
}
OTHERS = {
    "half a mark": mark(1)[: HEAD // 2] + bytes(PAGE - HEAD // 2),
    "noise": bytes(range(256)) * (PAGE // 256),
    "one byte": ZEROS[:-1] + b"1",
}


@pytest.mark.parametrize("slot", range(SLOTS))
def test_a_page_is_whose_mark_fills_it(slot: int) -> None:
    assert marked(mark(slot), SLOTS, is_kept=True) == slot
    assert marked(ZEROS, SLOTS, is_kept=True) is None


def test_a_page_of_a_channel_is_whose_channel_it_is() -> None:
    assert marked(message(sender=1, creator=0), SLOTS, is_kept=True) == 0


@pytest.mark.parametrize("page", PARTS.values(), ids=PARTS)
def test_a_page_with_a_part_of_a_mark_is_nobodys(page: bytes) -> None:
    assert len(page) == PAGE
    with pytest.raises(UnreadableError, match="a part of what container"):
        marked(page, SLOTS)


@pytest.mark.parametrize("page", OTHERS.values(), ids=OTHERS)
def test_a_page_that_is_kept_holds_nothing_else(page: bytes) -> None:
    assert marked(page, SLOTS) is None
    with pytest.raises(UnreadableError, match="what no container has filled it with"):
        marked(page, SLOTS, is_kept=True)
