"""Files and functions stay small enough to be read in one go."""

from __future__ import annotations

import statistics

from tests.style.source import (
    files_of_tests,
    functions,
    is_kernel,
    lines,
    parameters,
    product_files,
    relative,
)

LARGEST_FILE = 400
MEDIAN_FILE = 130
LONGEST_FUNCTION = 60
MOST_PARAMETERS = 6


def test_no_file_is_longer_than_400_lines() -> None:
    long = {relative(path): lines(path) for path in [*product_files(), *files_of_tests()] if lines(path) > LARGEST_FILE}
    assert not long


def test_half_of_the_files_have_at_most_130_lines() -> None:
    assert statistics.median(lines(path) for path in product_files()) <= MEDIAN_FILE
    assert statistics.median(lines(path) for path in files_of_tests()) <= MEDIAN_FILE


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{function.where}: {length} lines"
        for path in [*product_files(), *files_of_tests()]
        for function in functions(path)
        if (length := (function.node.end_lineno or 0) - function.node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert not long


def test_no_function_takes_more_than_6_parameters() -> None:
    wide = [
        f"{function.where}: {count} parameters"
        for path in [*product_files(), *files_of_tests()]
        for function in functions(path)
        if (count := len(parameters(function.node))) > MOST_PARAMETERS and not is_kernel(function.node)
    ]
    assert not wide


def test_the_complexity_rule_is_switched_off_for_compiled_kernels_only() -> None:
    excused = [
        function.where
        for path in [*product_files(), *files_of_tests()]
        for function in functions(path)
        if "C901" in path.read_text(encoding="utf-8").splitlines()[function.node.lineno - 1]
        and not is_kernel(function.node)
    ]
    assert not excused
