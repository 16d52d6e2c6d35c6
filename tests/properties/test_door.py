"""Whatever a file holds, it becomes a value or a message at a place, in words without the validator's jargon."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.worked.test_errors import CATALOGUE, HEAD, Job
from topologies.spec import InvalidInput, dump, loads

JARGON = re.compile(
    r"pydantic|https?://|Input should|validat|Traceback|NoneType|\bdict\b|\btuple\b|\bstr\b|\bint\b|instance"
)
PLACE = re.compile(r"job\.yaml(:\d+:\d+)?: ")
YAML_TEXT = st.text("abn01.-:+?[]{},&*!|>'\"%@`#~<= \n\t\\/_ü\u2028\x07", max_size=60)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["h800", "mpft", "1 s", "400 Gb/s", "85 %"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "base", "gpu", "sources", "x"]), inner)
    ),
    max_leaves=8,
)


def flow(value: object) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    words = {"None": "null", "True": "true", "False": "false", "nan": ".nan", "inf": ".inf", "-inf": "-.inf"}
    return words.get(str(value), str(value))


def read(text: str) -> None:
    """Read a text; whatever is refused is refused well."""
    try:
        job = loads(text, Job, CATALOGUE, "job.yaml")
    except InvalidInput as refused:
        assert refused.problems
        for problem in refused.problems:
            message = str(problem)
            assert PLACE.match(message), message
            assert not JARGON.search(message.replace("`", " ")), message
            assert problem.line <= text.count("\n") + 2
    else:
        assert loads(dump(job), Job) == job


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(YAML_TEXT)
@example("? - :")
@example("%YAML 3.0\n---\na")
@example("!<x> a")
@example("a: !")
@example("&a a: *a")
@example("'\\")
@example('"\\ud800"')
@example("\u2028: 1")
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    read(text)
    read(HEAD + text)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*Job.model_fields, "nme"]), VALUES))
def test_any_value_in_any_field_is_read_or_refused_in_words(data: dict[str, object]) -> None:
    read("\n".join(f"{key}: {flow(value)}" for key, value in data.items()))


@settings(max_examples=100)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    read(data.decode("latin-1"))
