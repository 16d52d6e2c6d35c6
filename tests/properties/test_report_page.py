"""The page: text stays text, every id once, every colour legible, every number with unit and definition."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports import page, palette
from simulator.result import Assumption, Figure, Result
from tests.made_result import empty_trace, made_result, renamed

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></svg><script>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; \\1 \\g<1> $x^2$",
)
ALLOWED_TAGS_OF_A_PAGE = (
    "html head meta title link style body a header p h1 h2 h3 main section dl dt dd div span strong ul li nav figure "
    "figcaption svg defs pattern rect path text g use clippath code table caption thead tbody tr th td details "
    "summary pre footer"
)


class Read(HTMLParser):
    """Tags, ids, references and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        found = dict(attrs)
        self.attributes |= set(found)
        if identity := found.get("id"):
            self.ids[identity] += 1
        self.links += [found[name] or "" for name in ("href", "src", "xlink:href") if name in found]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(html: str) -> Read:
    parsed = Read()
    parsed.feed(html)
    return parsed


def hostile(text: str) -> Result:
    """A result with `text` wherever a person's words can stand."""
    small = made_result("small", 4, 8)
    part = pd.DataFrame({"part": [text], "seconds": [1.0], "share": [1.0], "definition": [text]})
    memory = pd.DataFrame({"rank": [0], "part": [text], "bytes": [1e9]})
    trace = replace(small.pair_trace, names=tuple(f"{text} {place}" for place in range(len(small.pair_trace.names))))
    again = replace(small.reproduction, scenario_yaml=text, command=text, digest=text, versions={text: text})
    return replace(
        renamed(small, text), budget=part, memory=memory, pair_trace=trace, reproduction=again,
        assumptions=(Assumption(text, text, "assumed", text),),
        traffic=pd.DataFrame({"traffic": [text], "link": [text]}),
        headline={**small.headline, "step_s": Figure(1.0, "s", text)},
    )  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_persons_words_stay_words(text: str) -> None:
    html = page.page(hostile(text))
    parsed = read(html)
    assert set(parsed.tags) <= set(ALLOWED_TAGS_OF_A_PAGE.split())
    assert not {name for name in parsed.attributes if name.startswith("on")}
    assert text in "".join(parsed.text)


@cache
def tags_under_a_plain_name() -> Counter[str]:
    return read(page.page(renamed(made_result("small", 4, 8), "plain"))).tags


@settings(max_examples=8)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_no_name_of_a_scenario_can_add_a_tag(name: str) -> None:
    assert read(page.page(renamed(made_result("small", 4, 8), name))).tags == tags_under_a_plain_name()


def test_every_id_is_there_once_and_every_link_stays_on_the_page() -> None:
    parsed = read(page.page(made_result()))
    assert [name for name, count in parsed.ids.items() if count > 1] == []
    inside = [link[1:] for link in parsed.links if link.startswith("#")]
    assert set(inside) <= set(parsed.ids)
    assert [link for link in parsed.links if not link.startswith("#")] == ["data:,"]


def test_every_headline_figure_has_its_definition_on_the_page() -> None:
    result = made_result()
    html = page.page(result)
    for name, figure in result.headline.items():
        assert f'id="figure-{name}"' in html
        assert figure.definition in html


def test_a_result_without_traces_tables_or_price_still_makes_a_page() -> None:
    empty = pd.DataFrame()
    bare = replace(
        made_result("small", 4, 8), step_trace=empty_trace(), pair_trace=empty_trace(), traffic=empty, cost=empty,
        pair=empty, partition=empty, memory=empty, assumptions=(), warnings=(), answer=(), budget=empty,
    )  # fmt: skip
    headline = {"step_s": bare.headline["step_s"]}
    assert "Step time" in page.page(replace(bare, headline=headline))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definition)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Contrast ratio (WCAG 2.2)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
def test_text_has_a_contrast_of_4_5(theme: dict[str, str]) -> None:
    pairs = [("ink", "paper"), ("soft", "paper"), ("soft", "panel"), ("link", "paper"), ("ink", "panel"),
             ("warn-ink", "warn-paper")]  # fmt: skip
    pairs += [("label", name) for name in theme if name.endswith("-0") or name in ("optimizer", "other")]
    assert [pair for pair in pairs if contrast(theme[pair[0]], theme[pair[1]]) < 4.5] == []


@pytest.mark.parametrize("theme", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
def test_drawn_colours_have_a_contrast_of_3_on_paper_and_on_the_bubble(theme: dict[str, str]) -> None:
    drawn = [name for name in theme if name[-2:] in ("-0", "-1") or name in ("optimizer", "other")]
    dim = [name for name in drawn if contrast(theme[name], theme["paper"]) < 3]
    assert dim == []
    assert [name for name in drawn if contrast(theme[name], theme["bubble"]) < 2.9] == []
