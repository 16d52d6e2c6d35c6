"""Inside one overlapped pair: a GPU's two streams, phase by phase, wrapped like lines of text."""

from __future__ import annotations

import math
from typing import NamedTuple

from markupsafe import Markup

from reports import chunks, svg, terms, words
from reports.document import Key, Picture
from reports.schedule_picture import ticks
from simulator.trace import Trace

WIDTH, LEFT, TOP = 1160.0, 76.0, 6.0
LANE, LANE_GAP, LINE_GAP = 30.0, 3.0, 34.0
MAY_BE_NAMELESS = 0.08
"""Share of the phases whose name may find no room in its block."""
MOST_LINES = 8
LETTER = 6.3
"""Width of a letter in the picture's units, for deciding which labels fit."""

COLOURS = {"F": "forward-0", "B": "backward-0", "I": "input-0", "W": "weight-0", "wait": "other", "": "other"}
LABELS = {
    "F": "of the forward chunk", "B": "of the backward chunk (input gradient)",
    "I": "of the backward chunk, input gradient only", "W": "weight gradient",
    "wait": "waiting for the slowest rank of an exchange", "": "other work",
}  # fmt: skip


class Task(NamedTuple):
    """One phase on one stream."""

    stream: str
    name: str
    start_s: float
    end_s: float


class Line(NamedTuple):
    """One line of the wrapped picture: its span of time and the height at which it begins."""

    start_s: float
    end_s: float
    top: float

    def x(self, seconds: float) -> float:
        """Horizontal place of an instant, held inside the line."""
        share = (seconds - self.start_s) / (self.end_s - self.start_s)
        return LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT)


def pair(trace: Trace) -> Picture:
    """Draw both streams; phases that cross the end of a line go on in the next."""
    tasks = _tasks(trace)
    streams = _streams(tasks)
    end_s = trace.makespan_s or 1.0
    count = _lines(tasks, end_s)
    pitch = len(streams) * (LANE + LANE_GAP) + LINE_GAP
    lines = [Line(end_s * k / count, end_s * (k + 1) / count, TOP + k * pitch) for k in range(count)]
    drawn: list[Markup] = []
    for line in lines:
        drawn.extend(_line(line, tasks, streams))
        drawn.extend(_axis(line, line.top + pitch - LINE_GAP, end_s))
    return Picture(
        "pair",
        "Inside one overlapped pair, on one GPU",
        svg.picture("pair", (WIDTH, TOP + pitch * count), _alt(tasks, streams, end_s), drawn),
        terms.CAPTIONS["pair"],
        _legend(tasks),
        "timeline.json",
    )


def _tasks(trace: Trace) -> list[Task]:
    """Tasks of some length, by start."""
    columns = (trace.stream.tolist(), trace.name.tolist(), trace.start_s.tolist(), trace.end_s.tolist())
    tasks = [Task(trace.streams[s], trace.names[n], a, b) for s, n, a, b in zip(*columns, strict=True) if b > a]
    return sorted(tasks, key=lambda task: (task.start_s, task.stream))


def _lines(tasks: list[Task], end_s: float) -> int:
    """Fewest lines on which most names fit into their blocks."""
    room_s = sorted((task.end_s - task.start_s) / (len(_label(task)) * LETTER) for task in tasks)
    narrow_s = room_s[int(len(room_s) * MAY_BE_NAMELESS)] if room_s else end_s
    return min(max(math.ceil(end_s / narrow_s / (WIDTH - LEFT)), 1), MOST_LINES)


def _label(task: Task) -> str:
    """A phase's name as it stands in its block: "dispatch F"."""
    phase = chunks.phase(task.name)
    if _meaning(task) == "wait":
        return "wait"
    return f"{phase.what} {phase.op}" if phase else task.name


def _meaning(task: Task) -> str:
    """Key of COLOURS and LABELS: the operation, "wait", or nothing for what has no phase's name."""
    phase = chunks.phase(task.name)
    if phase is None:
        return ""
    return "wait" if phase.what.startswith(chunks.WAIT) else phase.op


def _streams(tasks: list[Task]) -> list[str]:
    """Streams that occur, "compute" first."""
    return sorted({task.stream for task in tasks}, key=lambda stream: (stream != chunks.COMPUTE, stream))


def _line(line: Line, tasks: list[Task], streams: list[str]) -> list[Markup]:
    """The lanes of one line: name, hatching, phases, labels."""
    drawn = []
    for place, stream in enumerate(streams):
        top = line.top + place * (LANE + LANE_GAP)
        drawn.append(svg.text(LEFT - 8, top + LANE / 2 + 4, terms.STREAMS.get(stream, stream), "axis", "end"))
        drawn.append(svg.hatched([(LEFT, top, WIDTH - LEFT, LANE)], "pair"))
        for task in tasks:
            if task.stream == stream and task.end_s > line.start_s and task.start_s < line.end_s:
                drawn.extend(_phase(line, task, top))
    return drawn


def _phase(line: Line, task: Task, top: float) -> list[Markup]:
    """One block, with as much of its name as fits."""
    left, right = line.x(task.start_s), line.x(task.end_s)
    phase = chunks.phase(task.name)
    length = words.quantity(task.end_s - task.start_s, "s", 3)
    shape = (left, top, max(right - left - 0.8, 0.3), LANE)
    drawn = [svg.rectangles([shape], COLOURS[_meaning(task)], f"{task.name}: {length}")]
    label = _label(task)
    layer = f"layer {phase.layer}" if phase and phase.layer >= 0 else ""
    middle = (left + right) / 2
    if len(label) * LETTER <= right - left:
        drawn.append(svg.text(middle, top + (13 if layer else 19), label, "block", "middle"))
        if layer and len(layer) * LETTER <= right - left:
            drawn.append(svg.text(middle, top + 25, layer, "block", "middle"))
    return drawn


def _axis(line: Line, bottom: float, end_s: float) -> list[Markup]:
    """Milliseconds under a line."""
    drawn = []
    scale = words.scale([end_s], "s")
    step_s = ticks(0.0, line.end_s - line.start_s)[1] if line.end_s > line.start_s else end_s
    for place in range(math.ceil(line.start_s / step_s), math.floor(line.end_s / step_s) + 1):
        x = line.x(place * step_s)
        label = f"{place * step_s / scale.divisor:.6g} {scale.unit}"
        drawn += [
            svg.line(x, bottom - LANE_GAP, bottom + 1),
            svg.text(x, bottom + 14, label, "axis", "end" if x > WIDTH - 20 else "middle"),
        ]
    return drawn


def _legend(tasks: list[Task]) -> tuple[Key, ...]:
    """Operations that occur."""
    seen = {_meaning(task) for task in tasks}
    return (*(Key(COLOURS[op], LABELS[op]) for op in COLOURS if op in seen), Key("hatch", "stream stands still"))


def _alt(tasks: list[Task], streams: list[str], end_s: float) -> str:
    """The picture in words."""
    works = [task for task in tasks if _meaning(task) != "wait"]
    busy = {stream: sum(t.end_s - t.start_s for t in works if t.stream == stream) for stream in streams}
    said = "; ".join(f"{terms.STREAMS.get(s, s)} busy {100 * busy[s] / end_s:.0f} % of the time" for s in streams)
    return f"Two streams of one GPU over {words.quantity(end_s, 's')}: {said}."
