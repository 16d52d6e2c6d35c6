"""Quantities: what is written reads back bit for bit, whatever the unit."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from topologies import units

UNITS = (*units.EXAMPLES, "USD/tokens", "tokens/s", "bytes/tokens")
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.sampled_from(UNITS), FINITE)
@example("bytes/s", 5e10)
@example("s", 3.3e-6)
@example("USD/s", 2 / 3600)
@example("bytes", 5e-324)
@example("s", -0.1)
@example("flop/s", 1.7976931348623157e308)
def test_what_is_rendered_parses_to_the_same_float(unit: str, value: float) -> None:
    assert units.parse(units.render(value, unit), unit) == value


@given(st.sampled_from(UNITS), st.data(), st.integers(1, 10**15))
def test_a_whole_number_of_any_unit_is_read_exactly_rounded_once(unit: str, data: st.DataObject, count: int) -> None:
    symbol = data.draw(st.sampled_from(units.symbols(unit)))
    one = units.parse(f"1 {symbol}", unit)
    assert units.parse(f"{count} {symbol}", unit) == pytest.approx(count * one, rel=1e-15)


@given(st.sampled_from(UNITS), st.floats(1e-15, 1e20), st.integers(3, 6))
def test_the_text_for_people_is_within_its_digits(unit: str, value: float, digits: int) -> None:
    number, symbol = units.pretty(value, unit, digits).replace(",", "").split(" ", 1)
    assert units.parse(f"{number} {symbol}", unit) == pytest.approx(value, rel=0.5 * 10 ** (1 - digits) * 1.001)


@given(st.sampled_from(UNITS), st.text(max_size=80))
@example("s", "1e999999999 s")
@example("bytes", "1e400 B")
@example("s", "1e-400 s")
@example("s", "١ s")
def test_any_text_is_read_as_a_finite_number_or_refused_in_words(unit: str, text: str) -> None:
    try:
        assert math.isfinite(units.parse(text, unit))
    except units.UnitError as refused:
        assert str(refused)


@pytest.mark.parametrize("unit", UNITS)
@given(number=st.floats(0.001, 1e6).map(lambda x: f"{x:.6f}"), data=st.data())
def test_the_schema_pattern_accepts_what_is_parsed(unit: str, number: str, data: st.DataObject) -> None:
    text = f"{number} {data.draw(st.sampled_from(units.symbols(unit)))}"
    assert units.parse(text, unit) > 0
    assert re.search(units.pattern(unit), text)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_never_written(value: float) -> None:
    with pytest.raises(units.UnitError):
        units.render(value, "s")
