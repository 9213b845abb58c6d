"""What stands where: nothing covers anything else, and nothing is broken where there is room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.browser.conftest import SHOTS, splitspec

Draw = Callable[[str, str], tuple[Path, str]]
Open = Callable[..., Any]

WIDTHS = (1400, 1000, 420)
DRAWN = [
    ("memory", "given_back_while_mapped"),
    ("launch", "halves_spliced"),
    ("threads", "stale_descriptor"),
]
TRUNCATED = """() => [
  ...document.querySelectorAll('.scroll:has(#sequence), html')].filter((element) =>
  element.scrollWidth > element.clientWidth + 1).map((element) => element.className)"""
# Two frames after a change of size the page has been laid out, however busy the machine is.
LAID_OUT = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(done)))"""
BROKEN = """() => [...document.querySelectorAll('.step .call')].filter((call) =>
  call.getClientRects().length > 1 || call.offsetHeight > 24).map((call) => call.textContent)"""
STRUCK_OUT = """() => [...document.querySelectorAll('.link.gone text')].map((element) =>
  [getComputedStyle(element).textDecorationLine, getComputedStyle(element).stroke])"""
COVERED = """() => {
  const boxes = (what) => [...document.querySelectorAll(what)].map((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return { text: element.textContent, left, right, top, bottom };
  });
  const labels = boxes('.canvas .link text');
  const others = [...labels, ...boxes('.cell .body'), ...boxes('.canvas .heading')];
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  return labels.flatMap((label, number) => others.filter((other, index) =>
    index !== number && meet(label, other)).map((other) => `${label.text} / ${other.text}`));
}"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("model", "variant"), DRAWN)
def test_steps_need_no_scrolling(
    model: str, variant: str, width: int, drawn: Draw, visit: Open
) -> None:
    page = visit(drawn(model, variant)[0]).page
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function(f"() => innerWidth === {width}")
    page.evaluate(LAID_OUT)
    assert page.evaluate(TRUNCATED) == []
    # Calls of up to six arguments stand in one line where there are two columns or a wide one.
    if width >= 1000:
        assert [call for call in page.evaluate(BROKEN) if len(call) <= 32] == []
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{variant}-{width}.png", full_page=True)


@pytest.mark.parametrize(("model", "variant"), [*DRAWN, ("granting", "limit_unchecked")])
def test_names_of_links_cover_nothing(model: str, variant: str, drawn: Draw, visit: Open) -> None:
    page = visit(drawn(model, variant)[0]).page
    tabs = max(1, page.locator("[role=tab]").count())
    seen = 0
    for tab in range(1, tabs + 1):
        page.keyboard.press(str(tab))
        for number in range(page.locator("[role=option]").count()):
            page.evaluate("number => window.page.select(number)", number)
            seen += page.locator(".canvas .link text").count()
            assert page.evaluate(COVERED) == [], (tab, number)
    assert seen > 5


@pytest.mark.parametrize(
    ("model", "variant", "tab"),
    [
        ("memory", "kernel_exploited", "memory"),
        ("granting", "limit_unchecked", "memory"),
        ("threads", "stale_descriptor", "threads"),
        ("fork", "zygote_not_frozen", "memory"),
    ],
)
def test_the_page_opens_on_what_decides_the_claim(
    model: str, variant: str, tab: str, drawn: Draw, visit: Open
) -> None:
    page = visit(drawn(model, variant)[0]).page
    assert page.locator("[role=tab][aria-selected=true]").inner_text() == tab


def test_a_frame_is_seen_from_the_host_and_from_the_container(drawn: Draw, visit: Open) -> None:
    """hVA → PA ← gPA ← address: both sides lead to the frame, each from its own."""
    page = visit(drawn("memory", "kernel_exploited")[0]).page
    heads = page.evaluate(
        """() => [...document.querySelectorAll('.canvas .heading')].map((element) =>
          [element.getBoundingClientRect().left, element.textContent])
          .sort((one, other) => one[0] - other[0])"""
    )
    assert [name for _, name in heads] == ["address", "gPA", "PA", "hVA"]
    label = page.locator(".canvas svg").first.get_attribute("aria-label")
    # The host paid c1's account for the frame in which it put data of c2's page.
    assert "c1, p1 host page table f1" in label
    assert "f1 data c2" in label


CLIMB = """\
module climb
  \"\"\"Somebody climbs, one step at a time.\"\"\"

sort Ladder
sort Wall

enum Rung = low | half_way | high

var height: 0..40                         # how many steps were made
var rung[Ladder]: Rung                    # where one stands
var against[Ladder]: Wall?                # where it leans

action climb(l: Ladder, w: Wall) by kernel
  when on: height < 40
  when elsewhere: against[l] != w
  against[l] := w
  height += 1
  rung[l] := half_way

invariant never_so_high
  height < 30

view ladders
  \"\"\"Where one stands.\"\"\"
  column ladder l: Ladder
  column wall w: Wall
  link leans l: Ladder, w: Wall where against[l] = w
  mark rung_of_the_ladder_as_it_was_reported l: Ladder = rung[l]
"""
IN_SIGHT = """() => {
  const [cell, table] = [document.querySelector('.time td.now'), document.querySelector('.time')];
  const [one, all] = [cell, table.closest('.scroll')].map((each) => each.getBoundingClientRect());
  const names = table.querySelector('th').getBoundingClientRect();
  return one.left >= names.right - 1 && one.right <= all.right + 1;
}"""


@pytest.fixture(scope="module")
def climb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run of thirty steps."""
    folder = tmp_path_factory.mktemp("climb")
    (folder / "climb.split").write_text(CLIMB)
    asked = (
        "check",
        "climb.split",
        "--scope",
        "Ladder=1",
        "--scope",
        "Wall=2",
        "-p",
        "never_so_high",
    )
    done = splitspec(*asked, "--report", "html=climb.html", cwd=folder)
    assert done.returncode == 1, done.stderr
    return folder / "climb.html"


@pytest.mark.parametrize("width", [1440, 420])
def test_the_state_that_is_shown_is_in_sight_over_time(
    width: int, climb: Path, visit: Open
) -> None:
    page = visit(climb).page
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function(f"() => innerWidth === {width}")
    page.evaluate(LAID_OUT)
    for key, step in (("Home", "start"), ("End", "30"), ("ArrowLeft", "29"), ("Home", "start")):
        page.keyboard.press(key)
        assert page.locator(".time td.now").first.inner_text() == step
        assert page.evaluate(IN_SIGHT), key


def test_the_name_of_a_mark_gives_way_to_its_value(climb: Path, visit: Open) -> None:
    marks = visit(climb).page.locator(".cell .mark").all_text_contents()
    assert len(marks) == 1
    assert marks[0].startswith("rung")
    assert marks[0].endswith("… half_way")


def test_the_name_of_a_link_that_is_gone_can_be_read(climb: Path, visit: Open) -> None:
    """It is struck out, and the line would carry the name's halo, which hides what is behind it."""
    page = visit(climb).page
    assert page.evaluate(STRUCK_OUT) == [["line-through", "none"]]
