"""The page of all pipeline schedules: pictures side by side on one scale of time, and what they idle and hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reports import render, terms, words
from reports.document import Grid, Key, Page, Picture, Refusal, Section, Terms, Tile
from reports.rank_rows import COLOURS
from reports.schedule_figures import MEANINGS, figures
from reports.schedule_picture import legend
from reports.small_schedule import small
from simulator.replay import Replay, Setting
from workloads.schedule import ChunkTimes

WORDS = (
    "Micro-batch", "Pipeline rank", "Stage", "Chunk", "Forward, F", "Backward, B", "Overlapped pair, 1F1B", "Bubble",
    "Activations",
)  # fmt: skip
LEAD = (
    "Every picture has the same scale of time, from 0 to the end of the longest step. A row is a pipeline rank; the "
    "number in a block, where it fits, is its micro-batch. Hatching is the bubble. The darker shade of a colour marks "
    "all stages of a rank but its first, with dualpipe the micro-batches that enter at the last rank."
)
SAME = 1e-9
"""Share by which equal figures may differ."""


def page(replays: Mapping[str, Replay | str], about: Mapping[str, str], setting: Setting) -> str:
    """HTML of all schedules.

    replays  kind of each schedule -> its replay, or why it cannot run like this
    about    kind -> one sentence about it
    """
    return render.html(document(replays, about, setting))


def document(replays: Mapping[str, Replay | str], about: Mapping[str, str], setting: Setting) -> Page:
    """The page's content, in the order in which it is read."""
    played = {name: one for name, one in replays.items() if isinstance(one, Replay)}
    known = dict(terms.TRAINING)
    explained = Terms(tuple((word, known[word]) for word in WORDS))
    lead = (_times(setting.times), LEAD)
    return Page(
        title=f"Pipeline schedules on {setting.ranks:,} ranks with {setting.micro_batches:,} micro-batches",
        kicker="clustercast schedules",
        binds=_binds(played),
        answer=(),
        warnings=(),
        tiles=tuple(_tiles(played)),
        sections=(
            Section("pictures", "Pictures", "Side by side", lead, (_grid(replays, about),)),
            Section("figures", "Figures", "What they idle and hold", (), (figures(played), Terms(MEANINGS))),
            Section("words", "Words", "Words", (), (explained,)),
        ),
        foot=("Written by clustercast.",),
    )


def _times(times: ChunkTimes) -> str:
    """With which times the schedules are drawn."""
    return (
        f"Forward {times.forward_s:g}, input gradient {times.input_grad_s:g}, weight gradient {times.weight_grad_s:g}, "
        f"overlapped pair {times.pair_s:g}: times of a rank's share of the layers, less by as much as a schedule cuts "
        "that share into stages. Sends take no time."
    )


def _binds(played: Mapping[str, Replay]) -> str:
    """Where replay and published formula agree, and where they do not."""
    agree = [name for name, one in played.items() if one.difference_s == 0]
    differ = [name for name, one in played.items() if one.difference_s]
    without = [name for name, one in played.items() if one.difference_s is None]
    said = [f"Ranks idle as long as published with {_listed(agree)}."] if agree else []
    for name in differ:
        one = played[name]
        said.append(f"With {name} they idle {one.counted_s:g}, where {one.published_s:g} is published.")
    if without:
        said.append(f"For {_listed(without)}, nothing is published at these times.")
    return " ".join(said)


def _tiles(played: Mapping[str, Replay]) -> Iterable[Tile]:
    """The ends of the range, large: idle time and micro-batches held."""
    if not played:
        return
    idle = {name: one.idle_s / one.trace.makespan_s for name, one in played.items()}
    held = {name: one.held for name, one in played.items()}
    for word, share in (("Least", min(idle.values())), ("Most", max(idle.values()))):
        number, unit = words.quantity(share, "ratio")
        yield Tile(f"{word} idle", number, unit, _which(idle, share), words.exact(share, "ratio"), "figures")
    for word, most in (("Fewest", min(held.values())), ("Most", max(held.values()))):
        yield Tile(f"{word} held", f"{most:g}", "micro-batches", _which(held, most), f"{most!r}", "figures")


def _which(values: Mapping[str, float], wanted: float) -> str:
    """Names whose value is the one wanted."""
    return _listed([name for name, value in values.items() if abs(value - wanted) <= SAME * abs(wanted)])


def _listed(names: Sequence[str]) -> str:
    """ "a", or "a and b", or "a, b and c"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _grid(replays: Mapping[str, Replay | str], about: Mapping[str, str]) -> Grid:
    """A picture of each schedule, or why there is none, in the order given."""
    longest_s = max((one.trace.makespan_s for one in replays.values() if isinstance(one, Replay)), default=1.0)
    cells: list[Picture | Refusal] = []
    keys: set[Key] = set()
    for name, one in replays.items():
        if isinstance(one, str):
            cells.append(Refusal(f"{name} cannot run like this", one))
            continue
        picture, rows = small(name, one.trace, longest_s, f"{_told(one)} {about[name]}")
        cells.append(picture)
        keys |= set(legend(rows))
    order = [colour for shades in COLOURS.values() for colour in shades]
    return Grid(tuple(sorted(keys, key=lambda key: [*order, key.colour].index(key.colour))), tuple(cells))


def _told(one: Replay) -> str:
    """A schedule's figures in a sentence."""
    share = words.quantity(one.idle_s / one.trace.makespan_s, "ratio")
    return f"Step {one.trace.makespan_s:g}, idle {one.idle_s:g} a rank ({share}), {one.held:g} micro-batches held."
