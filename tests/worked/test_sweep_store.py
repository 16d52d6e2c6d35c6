"""What a point is kept under, what makes it another one, and how long a sweep says that it will take."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simulator.sweep.course import Course, Progress
from simulator.sweep.files import rooted, with_contents
from simulator.sweep.jobs import DONE, INVALID, Answer, Here, Job, Outcome
from simulator.sweep.question import Question, key_of
from simulator.sweep.store import Heading, Store, open_store
from simulator.sweep.version import files_digest
from topologies.problems import InvalidInput
from workloads.scenario import SCENARIOS, Scenario, catalogue, changed, load_scenario
from workloads.sweep import SWEEPS, load_sweep, names_of

HEADING = Heading("id", "name", "", "events", "1", 10, "")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """A shipped scenario."""
    return load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")


def test_the_key_is_of_what_is_simulated_not_of_what_it_is_called(scenario: Scenario) -> None:
    called = scenario.with_changes({"name": "other", "title": "Another", "changes": ["a=1"]}, catalogue())
    assert key_of(called) == key_of(scenario)
    assert key_of(changed(scenario, {"seed": 1})) != key_of(scenario)


def test_the_key_is_of_a_files_content_not_of_its_path(scenario: Scenario, tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("one")
    shutil.copy(first, second)

    def key(path: Path) -> str:
        return key_of(changed(scenario, {"job.router": {"kind": "file", "path": str(path)}}))

    assert key(first) == key(second)
    second.write_text("two")
    assert key(first) != key(second)
    assert with_contents({"job.router.path": str(first)}) == with_contents({"job.router.path": str(first.resolve())})


def test_a_file_is_found_from_the_folder_of_whoever_asked(scenario: Scenario, tmp_path: Path) -> None:
    named = changed(scenario, {"job.router": {"kind": "file", "path": "loads.csv"}})
    assert rooted(named, tmp_path).job.router.path == str(tmp_path / "loads.csv")  # type: ignore[attr-defined]
    assert rooted(scenario, tmp_path) is scenario


def test_another_program_catalogue_or_detail_is_another_question(tmp_path: Path) -> None:
    file = SWEEPS / "batch-and-nics.yaml"
    sweep = load_sweep(file)
    asked = Question(sweep, names_of(file)).heading
    assert asked == Question(sweep, names_of(file)).heading
    (tmp_path / "gpus").mkdir()
    (tmp_path / "gpus" / "mine.yaml").write_text("base: h100\n")
    assert Question(sweep, names_of(file, (tmp_path,))).heading.id != asked.id
    assert Question(sweep.model_copy(update={"detail": "events"}), names_of(file)).heading.id != asked.id
    assert sweep.name in asked.yaml


def test_one_changed_byte_of_the_program_is_another_program(tmp_path: Path) -> None:
    (tmp_path / "simulator").mkdir()
    source = tmp_path / "simulator" / "costs.py"
    source.write_text("a = 1\n")
    before = files_digest(tmp_path)
    source.write_text("a = 2\n")
    assert files_digest(tmp_path) != before
    source.write_text("a = 1\n")
    assert files_digest(tmp_path) == before


def test_a_point_that_is_there_stays_and_one_that_is_not_valid_may_change_its_reason(tmp_path: Path) -> None:
    with open_store(tmp_path / "store", HEADING) as store:
        store.put([Outcome(0, "a", DONE, "", "{1}"), Outcome(1, "b", INVALID, "first", "")], [])
        store.put([Outcome(0, "a", DONE, "", "{2}"), Outcome(1, "b", INVALID, "second", "")], [])
        rows = store._db.execute("SELECT key, why, figures FROM points ORDER BY key").fetchall()
    assert rows == [("a", "", "{1}"), ("b", "second", "")]


def test_a_store_knows_points_of_its_own_detail_and_version_only(tmp_path: Path) -> None:
    with open_store(tmp_path / "store", HEADING) as store:
        assert not store.may_know()
        store.put([Outcome(0, "a", DONE, "", "{}")], [])
        assert not store.may_know(), "a sweep need not look up what it has put in itself"
        assert store.known(["a", "b", ""]) == {"a"}
        with open_store(tmp_path / "store", HEADING._replace(id="other", version="2")) as other:
            assert other.may_know() and other.known(["a"]) == set()
            other.put([Outcome(0, "c", DONE, "", "{}")], [])
        assert store.may_know(), "another sweep has written since"


def test_a_store_of_another_format_is_refused(tmp_path: Path) -> None:
    with open_store(tmp_path / "store", HEADING) as store:
        store._db.execute("PRAGMA user_version = 99")
    with pytest.raises(InvalidInput, match="another format"), open_store(tmp_path / "store", HEADING):
        pass


@pytest.mark.parametrize("places", [1, 4])
def test_the_time_left_after_a_tenth_is_within_thirty_percent(tmp_path: Path, places: int) -> None:
    """Points cost 10 ms or 30 ms in turns; making ready costs the first job of each process 5 s."""
    points, said = 2_000, list[Progress]()
    whole_s = points * 0.02 / places

    def cost_s(number: int) -> float:
        return 0.01 if number < points / 2 else 0.03

    begun: list[Job] = []

    def answer(job: Job) -> Answer:
        begun.append(job)
        first = len(begun) <= places
        outcomes = tuple(Outcome(number, str(number), DONE, "", "{}") for number in job.numbers)
        return Answer(job, (), outcomes, sum(map(cost_s, job.numbers)) + 5 * first, first)

    def followed(store: Store) -> None:
        engine = Here(answer)
        engine.places = places
        Course(store, engine, lambda number: (str(number), "{}"), said.append).follow(range(points))

    with open_store(tmp_path / "store", HEADING._replace(size=points)) as store:
        followed(store)
    for progress in said:
        if points / 10 <= progress.done < points:
            assert progress.left_s == pytest.approx(whole_s * (1 - progress.done / points), rel=0.3)
