"""An answer in a notebook: small, offline, escaped, the first figures with their intervals; in a shell one line."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import ClassVar

import pandas as pd
import pytest

import clustercast
from simulator.long_run.result import RunResult
from simulator.result import Answered, Assumption, Figure, Reproduction
from tests.made_result import made_result

LARGEST_BYTES = 20_000


class Seen(HTMLParser):
    """Tags, attributes and text of a piece of HTML, whether its tags are closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that begins."""
        self.open.append(tag)
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        """Check the tag that ends."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what is read."""
        self.text += data


def shown(answer: object) -> Seen:
    """What a notebook asks an answer for, checked: whole, small, and nothing that is fetched or run."""
    html = getattr(answer, "_repr_html_")()  # noqa: B009
    assert len(html.encode()) < LARGEST_BYTES
    seen = Seen(html)
    assert not seen.open
    assert seen.tags <= {"div", "p", "strong", "small", "code", "table", "thead", "tbody", "tr", "th", "td"}
    assert seen.attributes <= {"class", "style", "scope", "role"}
    assert "url(" not in html and "http" not in html
    assert not re.search(r"(?<!-)color:(?!inherit)|background:(?!none)", html)
    return seen


@dataclass(frozen=True, slots=True)
class Planned(Answered):
    """A kind of answer that no page knows."""

    schema: ClassVar[str] = "clustercast.planned/1"
    kind: ClassVar[str] = "planned"


def planned(title: str = "What was asked") -> Planned:
    """An answer with two figures and a table."""
    figures = {"step_s": Figure(19.5, "s", "One step.", 18.9, 20.1, 19.4), "nodes": Figure(256.0, "count", "Servers.")}
    again = Reproduction("name: x\n", "3f" * 32, {"clustercast": "0.1.0"}, 0, "clustercast planned x")
    return Planned(
        "x", title, figures, ("First.", "Second.", "Third.", "Fourth."), ("Careful.",),
        {"candidates": pd.DataFrame({"place": range(1000)})}, (Assumption("a", "b", "assumed", "c"),), again,
    )  # fmt: skip


def test_a_step_shows_its_figures_what_binds_and_its_warnings() -> None:
    seen = shown(made_result())
    for wanted in (
        "Step time",
        "Cost of the whole run",
        "Memory of the fullest GPU",
        "computation binds",
        "gate's load",
    ):
        assert wanted in seen.text
    assert ".ranks" in seen.text and ".budget" in seen.text


def test_a_figure_stands_beside_its_interval() -> None:
    step = replace(made_result().headline["step_s"], low=18.5, mid=19.0, high=20.0)
    seen = shown(replace(made_result(), headline={**made_result().headline, "step_s": step}))
    assert "18.5 to 20.0 s at 90 %" in seen.text


def test_any_kind_of_answer_shows_its_first_figures_and_sentences() -> None:
    seen = shown(planned())
    for wanted in ("Step", "19.50 s", "18.9 to 20.1 s at 90 %", "Nodes", "256", "First.", "Third.", "Careful."):
        assert wanted in seen.text
    assert "Fourth." not in seen.text and ".tables: candidates" in seen.text


def test_text_of_a_file_is_escaped() -> None:
    seen = shown(planned("<script>alert(1)</script> & co"))
    assert "script" not in seen.tags
    assert "<script>alert(1)</script> & co" in seen.text


def test_a_title_with_many_changes_is_cut() -> None:
    seen = shown(planned("DeepSeek-V3" + ", layout.pp=8" * 50))
    assert "DeepSeek-V3, layout.pp=8" in seen.text and " ..." in seen.text
    assert seen.text.count("layout.pp=8") < 15


@pytest.fixture(scope="module")
def compared() -> object:
    """Two steps, one of them refused."""
    return clustercast.compare(["llama-3-8b-h100"], [{"gpu": "h200"}, {"dp": 4}])


def test_a_comparison_shows_who_is_first_and_who_was_left_out(compared: object) -> None:
    seen = shown(compared)
    assert "gpu=h200" in seen.text and "The fastest step" in seen.text and "Left out: dp=4" in seen.text


def whole() -> RunResult:
    """A whole run of few figures."""
    figures = {"gpu_hours": Figure(2.66e6, "GPU h", "All phases."), "days": Figure(54.2, "days", "First step to last.")}
    few = planned()
    return RunResult("run", "A run", figures, few.answer, (), {}, few.assumptions, few.reproduction)


def test_a_run_shows_what_its_report_shows_first() -> None:
    seen = shown(whole())
    assert "Wall time" in seen.text and "2.660 million GPU-hours" in seen.text


def test_an_explanation_shows_formula_and_terms() -> None:
    seen = shown(clustercast.explain("gpu_hours", "llama-3-8b-h100"))
    assert "gpu_hours = " in seen.text and "from" in seen.text


def test_in_a_shell_an_answer_is_one_short_line(compared: object) -> None:
    answers = (made_result(), planned(), compared, whole())
    lines = [repr(answer) for answer in answers]
    assert all("\n" not in line and len(line) < 200 for line in lines), lines
    assert lines[0].startswith("<Result 'deepseek-v3-pretrain': step_s = ")
    assert lines[1] == "<Planned 'x': step_s = 19.5 s, nodes = 256 count>"
    assert lines[3].startswith("<RunResult 'run': gpu_hours = ")
