"""What a worker does with a job: build each point's scenario, and find its key or work it out."""

from __future__ import annotations

import json
import pickle
import time
import zlib
from functools import lru_cache

from simulator.memory import DoesNotFit
from simulator.refusal import Refused
from simulator.sweep.built import built
from simulator.sweep.figures import figures
from simulator.sweep.jobs import BUG, DONE, INVALID, NO_FIT, REFUSED, Answer, Job, Outcome
from simulator.sweep.question import Question, key_of, key_of_changes
from simulator.sweep.version import program_version
from topologies.kinds.base import TopologyError
from topologies.problems import InvalidInput, Problem
from workloads.points import changes, point
from workloads.schedule import ScheduleError
from workloads.sizes import Oversized


def answer(packed: bytes, job: Job) -> Answer:
    """The answer of a job of a packed question. Raises InvalidInput where this is another program than the asker's."""
    first = _question.cache_info().currsize == 0
    began_s = time.perf_counter()
    question = _question(packed)
    if job.what == "keys":
        return Answer(job, keys=tuple(_key(question, number) for number in job.numbers))
    outcomes = tuple(outcome(question, number) for number in job.numbers)
    return Answer(job, (), outcomes, time.perf_counter() - began_s, first)


@lru_cache(maxsize=1)
def _question(packed: bytes) -> Question:
    """The question, unpacked once. Raises InvalidInput for another program, or files that are not here."""
    version, files, question = pickle.loads(zlib.decompress(packed))
    if version != program_version():
        why = f"a worker runs clustercast {program_version()}, but the sweep was asked by {version}; install the same"
        raise InvalidInput([Problem("worker", 0, 0, "", why)])
    if missing := [str(file) for file in files if not file.is_file()]:
        raise InvalidInput(
            [Problem(file, 0, 0, "", "a worker cannot read this file, which the sweep names") for file in missing]
        )
    if not isinstance(question, Question):
        raise TypeError(f"a packed question holds {type(question).__name__}")
    return question


def _key(question: Question, number: int) -> str:
    """Key of a point, "" for one that is not valid."""
    try:
        return key_of(built(question, number))
    except (InvalidInput, Oversized):
        return ""


def outcome(question: Question, number: int) -> Outcome:
    """What becomes of a point."""
    sweep = question.sweep
    try:
        swept = built(question, number)
        key = key_of(swept)
    except (InvalidInput, Oversized) as refused:
        key = key_of_changes(sweep, changes(sweep, point(sweep, number)))
        return Outcome(number, key, INVALID, told(refused), "")
    try:
        found = figures(swept, sweep.detail)
    except DoesNotFit as refused:
        return Outcome(number, key, NO_FIT, str(refused), "")
    except (InvalidInput, ScheduleError, TopologyError) as refused:
        return Outcome(number, key, INVALID, told(refused), "")
    except Refused as refused:
        return Outcome(number, key, REFUSED, str(refused), "")
    except MemoryError:
        raise
    except Exception as error:
        return Outcome(number, key, BUG, f"a bug in clustercast: {type(error).__name__}: {error}", "")
    return Outcome(number, key, DONE, "", json.dumps(found, separators=(",", ":")))


def told(refused: Exception) -> str:
    """Why a point is not valid, on one line."""
    if not isinstance(refused, InvalidInput):
        return str(refused)
    return "; ".join(": ".join(filter(None, (one.field, one.message))) for one in refused.problems)
