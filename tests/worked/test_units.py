"""Quantities as users write them, worked out by hand, and what is said of those that cannot be read."""

from __future__ import annotations

import pytest

from topologies import units


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("400 Gb/s", "bytes/s", 50e9),
        ("50 GB/s", "bytes/s", 50e9),
        ("80 GiB", "bytes", 85_899_345_920),
        ("80 GB", "bytes", 80e9),
        ("84943110144 B", "bytes", 84_943_110_144),
        ("2 USD/h", "USD/s", 2 / 3600),
        ("5.576 MUSD", "USD", 5_576_000),
        ("989 TFLOP/s", "flop/s", 989e12),
        ("989 TFLOPS", "flop/s", 989e12),
        ("3.3 us", "s", 3.3e-6),
        ("1 day", "s", 86_400),
        ("700 W", "W", 700),
        ("1.6 GHz", "Hz", 1.6e9),
        ("14.8 T tokens", "tokens", 14.8e12),
        ("0.55 USD/M tokens", "USD/tokens", 0.55e-6),
        ("2 kWh", "J", 7.2e6),
        ("0.36 USD/kWh", "USD/J", 1e-7),
        ("1.5 t", "kg", 1500),
        ("360 g/kWh", "kg/J", 1e-7),
        ("3.1536 MUSD/year", "USD/s", 0.1),
        ("  3.3us ", "s", 3.3e-6),
    ],
)
def test_text_with_a_unit_is_si(text: str, unit: str, value: float) -> None:
    assert units.parse(text, unit) == value


@pytest.mark.parametrize(
    ("text", "unit", "words"),
    [
        ("400", "bytes/s", "a bare number 400: write a unit, for example `400 Gb/s`"),
        ("400 gb/s", "bytes/s", "b is bits, B is bytes"),
        ("400 Gbps", "bytes/s", "did you mean `Gb/s`?"),
        ("400 GBps", "bytes/s", "did you mean `GB/s`?"),
        ("80 GB", "bytes/s", "did you mean `GB/s`?"),
        ("2 $/h", "USD/s", "did you mean `USD/h`?"),
        ("2 USD/hour", "USD/s", "did you mean `USD/h`?"),
        ("989 tflops", "flop/s", "did you mean `TFLOP/s`?"),
        ("3 µs", "s", "did you mean `us`?"),
        ("3 hours", "s", "did you mean `h`?"),
        ("fast", "bytes/s", "write a number and a unit, for example `400 Gb/s`"),
        ("1e400 B", "bytes", "too large"),
    ],
)
def test_other_text_is_told_what_to_write(text: str, unit: str, words: str) -> None:
    with pytest.raises(units.UnitError) as refused:
        units.parse(text, unit)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (50e9, "bytes/s", "50 GB/s"),
        (85_899_345_920.0, "bytes", "80 GiB"),
        (3.3e-6, "s", "3.3 us"),
        (2 / 3600, "USD/s", "2 USD/h"),
        (14.8e12, "tokens", "14.8 T tokens"),
        (0.55e-6, "USD/tokens", "0.55 USD/M tokens"),
        (1e-7, "USD/J", "0.36 USD/kWh"),
        (1e-7, "kg/J", "360 g/kWh"),
        (-0.0, "s", "0 s"),
        (0.0, "s", "0 s"),
    ],
)
def test_si_is_written_with_the_unit_that_reads_best(value: float, unit: str, text: str) -> None:
    assert units.render(value, unit) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (19.926, "s", "19.93 s"),
        (84_943_110_144.0, "bytes", "84.94 GB"),
        (5_576_000.0, "USD", "5.576 MUSD"),
        (3.6664 * 86_400, "s", "3.666 days"),
        (160e9, "bytes/s", "160 GB/s"),
        (0.0, "W", "0 W"),
    ],
)
def test_people_read_a_prefix_and_four_figures(value: float, unit: str, text: str) -> None:
    assert units.pretty(value, unit) == text
