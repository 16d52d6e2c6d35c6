"""Pictures of all pipeline schedules as one HTML file."""

from __future__ import annotations

import inspect
from pathlib import Path

from cli.draw_schedules import schedules
from cli.drawn import Drawn
from cli.groups import plugin_kinds
from cli.write_page import written


def schedules_page(drawn: Drawn, file: Path) -> str:
    """Write the page; return what to tell. Raises TooLarge, or a usage error for times or a file that cannot be."""
    from reports.schedules_page import page
    from simulator.replay import replays

    setting, kinds = drawn.setting(), plugin_kinds()["schedules"]
    about = {name: inspect.cleandoc(kind.__doc__ or "").splitlines()[0] for name, kind in kinds.items()}
    return written(file, page(replays(schedules(kinds), setting), about, setting))
