"""Colours by meaning, for light and for dark."""

from __future__ import annotations

from types import MappingProxyType

LIGHT = MappingProxyType(
    {
        "paper": "#ffffff", "panel": "#f5f6f8", "ink": "#1b1f27", "soft": "#545c6b", "line": "#d5d9e0",
        "link": "#1f5fae", "warn-paper": "#fdf4dc", "warn-ink": "#5c4300",
        "forward-0": "#3b71bf", "forward-1": "#1f4680", "backward-0": "#27794f", "backward-1": "#144a2f",
        "input-0": "#6b7912", "input-1": "#434d07", "weight-0": "#a4660b", "weight-1": "#6f4204",
        "pair-0": "#8660c2", "pair-1": "#563b8b", "optimizer": "#c04236", "other": "#656e7d",
        "bubble": "#eceef2", "hatch": "#b9c0cc", "label": "#ffffff",
    }
)  # fmt: skip
"""Colour names -> hex on white paper; -0 and -1 are the two directions in which micro-batches travel."""

DARK = MappingProxyType(
    {
        "paper": "#14171c", "panel": "#1d2128", "ink": "#e7eaf0", "soft": "#a7b0bf", "line": "#353b46",
        "link": "#8ab8f5", "warn-paper": "#332a12", "warn-ink": "#f3dc9f",
        "forward-0": "#7fb0f2", "forward-1": "#4f84cf", "backward-0": "#63c592", "backward-1": "#3f9a6c",
        "input-0": "#bcc950", "input-1": "#8f9a33", "weight-0": "#ecb158", "weight-1": "#b98430",
        "pair-0": "#b59ae8", "pair-1": "#8a6cc6", "optimizer": "#ee8277", "other": "#97a1b0",
        "bubble": "#22262e", "hatch": "#414957", "label": "#14171c",
    }
)  # fmt: skip
"""The same names on dark paper."""

SERIES = ("forward-0", "backward-0", "weight-0", "pair-0", "optimizer", "input-0", "forward-1", "other")
"""Colours for parts that have no meaning of their own, in the order in which they are given out."""


def variables(colours: MappingProxyType[str, str]) -> str:
    """CSS custom properties, one a colour: "--paper:#ffffff;..."."""
    return "".join(f"--{name}:{value};" for name, value in colours.items())


def fill(name: str) -> str:
    """CSS value of a colour that follows the reader's theme."""
    return f"var(--{name})"


def series(count: int) -> tuple[str, ...]:
    """`count` colour names for parts without a meaning; they repeat after eight."""
    return tuple(SERIES[place % len(SERIES)] for place in range(count))
