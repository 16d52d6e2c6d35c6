"""The world of serving once more: objects and lists, every sequence looked at in every step, nothing kept in counters.

It shares with the product the types of the question (spec) and nothing of the answer. What it plays is the meaning that
the product's docstrings give; it is meant to be read, and takes about a millisecond a step.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from simulator.serving.world.spec import Disaggregated, FixedShare, PrefixCache, World
from workloads.requests import Requests

NAN = float("nan")
STEP_ENDS, ARRIVES = 0, 1


@dataclass(eq=False)
class Job:
    """A request on its way."""

    number: int
    arrival_s: float
    input: int
    output: int
    blocks: list[int]
    made: int = 0
    prompt: int = 0
    cached: int = 0
    done: int = 0
    piece: int = 0
    todo: int = 0
    steps: int = 0
    step: int = 0
    held: int = 0
    joined_step: int = 0
    epoch: int = 0
    where: str = "unborn"
    unit: Unit | None = None
    rank: Rank | None = None
    sender: Rank | None = None
    prefilled_by: int = -1
    decoded_by: int = -1
    times: dict[str, float] = field(default_factory=dict)
    last_s: float = NAN
    hit: int = 0
    preempted: int = 0

    def kv(self, ahead: int = 0) -> int:
        """KV tokens when this stint has done some steps more."""
        grown = self.todo * (self.step + ahead) // self.steps if self.steps else 0
        return self.input + self.made - 1 + grown

    def mean_kv(self) -> float:
        """The same, growing evenly."""
        return self.input + self.made - 1 + self.todo * self.step / self.steps


@dataclass(eq=False)
class Rank:
    """One attention rank."""

    bound: list[Job] = field(default_factory=list)
    queue: deque[Job] = field(default_factory=deque)
    begun: list[Job] = field(default_factory=list)
    running: list[Job] = field(default_factory=list)
    away: deque[Job] = field(default_factory=deque)
    returning: list[Job] = field(default_factory=list)
    back: list[Job] = field(default_factory=list)
    assigned: list[Job] = field(default_factory=list)
    send_free_s: float = 0.0
    receive_free_s: float = 0.0
    decodes: bool = False

    def used(self) -> int:
        """Blocks in use."""
        return sum(job.held for job in [*self.begun, *self.running, *self.returning, *self.back])

    def admitted(self) -> int:
        """Sequences with room."""
        return sum(map(len, (self.begun, self.running, self.returning, self.back)))

    def to_compute(self) -> int:
        """Prompt tokens to compute."""
        return sum(job.prompt - job.cached - job.done for job in self.assigned)


@dataclass(eq=False)
class Unit:
    """One engine."""

    number: int
    ranks: list[Rank]
    tiers: list[OrderedDict[int, None]]
    free_s: list[list[float]]
    open: bool = True
    generation: int = 0
    began_s: float | None = None
    busy_s: float = 0.0

    def load(self) -> int:
        """Prompt tokens and sequences."""
        return sum(rank.to_compute() + len(rank.bound) for rank in self.ranks)

    def unstarted(self) -> int:
        """Requests not begun."""
        return sum(job.where in ("loading", "queued") for rank in self.ranks for job in rank.assigned)


class SlowWorld:
    """The play; after `run` the jobs tell everything."""

    def __init__(self, requests: Requests, world: World, seed: int) -> None:
        self.world, self.seed, self.now_s = world, seed, 0.0
        self.split = isinstance(world.engines, Disaggregated)
        self.kv_rules = world.decode_units.kv
        self.blocks = self.kv_rules.tokens // self.kv_rules.block_tokens
        self.block_tokens = requests.block_tokens
        self.jobs = [
            Job(i, float(requests.arrival_s[i]), int(requests.input_tokens[i]), int(requests.output_tokens[i]),
                [int(b) for b in requests.block_ids[requests.block_at[i] : requests.block_at[i + 1]]])
            for i in range(requests.count)
        ]  # fmt: skip
        self.events: list[tuple[float, int, int, int]] = []
        self.gaps: list[float] = []
        self.homeless: deque[Job] = deque()
        self.held: deque[Job] = deque()
        self.dirty: set[int] = set()
        self.turns = {"prompt": 0, "decode": 0}
        self.preemptions = 0
        self.present_s = 0.0
        self.units = self.build()

    def build(self) -> list[Unit]:
        """All engines, empty."""
        cache = self.world.cache if isinstance(self.world.cache, PrefixCache) else None
        spoken_of = {window.unit for window in self.world.windows}
        shared = [(OrderedDict[int, None](), [0.0]) for _ in cache.tiers] if cache else []
        units = []
        for number in range(self.world.units):
            prompt = number < self.world.prompt_units.count
            ranks = self.world.prompt_units.ranks if prompt else self.world.decode_units.ranks
            own = [(OrderedDict[int, None](), [0.0]) for _ in cache.tiers] if cache and prompt else []
            stores = [shared[i] if cache and cache.tiers[i].shared else own[i] for i in range(len(own))]
            units.append(Unit(number, [Rank() for _ in range(ranks)], [a for a, _ in stores], [b for _, b in stores]))
            units[-1].open = number not in spoken_of
        return units

    def prompt_units(self) -> list[Unit]:
        return self.units[: self.world.prompt_units.count]

    def decode_units(self) -> list[Unit]:
        return self.units[self.world.prompt_units.count :] if self.split else self.units

    def note(self, job: Job, name: str) -> None:
        """Keep the first time that something happens to a job."""
        job.times.setdefault(name, self.now_s)

    def leave(self, job: Job, how: str) -> None:
        job.where = how
        job.times["left"] = self.now_s
        job.unit = job.rank = None

    # Routing

    def in_turn(self, units: list[Unit], what: str) -> Unit | None:
        for i in range(len(units)):
            place = (self.turns[what] + i) % len(units)
            if units[place].open:
                self.turns[what] = place + 1
                return units[place]
        return None

    def prompt_engine(self, job: Job) -> Unit | None:
        routing = self.world.routing
        if routing.prompt == "round_robin":
            return self.in_turn(self.prompt_units(), "prompt")
        ready = [unit for unit in self.prompt_units() if unit.open]
        if not ready:
            return None
        least = min(ready, key=lambda unit: (unit.load(), unit.number))
        if routing.prompt == "prefix_aware" and isinstance(self.world.cache, PrefixCache):
            best = min(ready, key=lambda unit: (-self.found(unit, job), unit.load(), unit.number))
            if best.load() <= least.load() + routing.extra_tokens:
                return best
        return least

    def send_prompt(self, job: Job, comes: bool) -> None:
        unit = self.prompt_engine(job)
        if unit is None:
            job.where, job.unit, job.rank = "homeless", None, None
            self.homeless.append(job)
            return
        limit = self.world.admission.most_waiting
        if comes and limit is not None and unit.unstarted() >= limit:
            self.leave(job, "turned away")
            return
        job.prompt, job.done, job.cached = job.input + job.made, 0, 0
        job.unit, job.prefilled_by, ready_s = unit, unit.number, self.now_s
        cache = self.world.cache
        if isinstance(cache, FixedShare):
            job.cached = min(int(cache.hit_share * job.prompt), job.prompt - 1)
        elif isinstance(cache, PrefixCache):
            blocks = self.found(unit, job)
            job.cached = min(blocks * self.block_tokens, job.input, job.prompt - 1)
            ready_s = self.loaded_at(unit, job)
            self.use(unit, job.blocks[:blocks])
        if job.made == 0:
            job.hit = job.cached
        job.rank = min(unit.ranks, key=lambda rank: rank.to_compute() + len(rank.bound))
        job.sender = job.rank
        job.rank.assigned.append(job)
        job.where = "loading"
        if ready_s > self.now_s:
            heapq.heappush(self.events, (ready_s, ARRIVES, job.number, job.epoch))
        else:
            self.enter_queue(job)

    def enter_queue(self, job: Job) -> None:
        assert job.rank and job.unit
        job.where = "queued"
        job.rank.queue.append(job)
        self.dirty.add(job.unit.number)

    def decode_load(self, rank: Rank) -> float:
        if self.world.routing.decode == "kv_balanced":
            return sum(job.mean_kv() if job in rank.running else job.kv() for job in rank.bound)
        return len(rank.bound)

    def send_kv(self, job: Job) -> None:
        assert isinstance(self.world.engines, Disaggregated) and job.sender
        ready = [unit for unit in self.decode_units() if unit.open]
        if not ready:
            job.where, job.unit, job.rank = "held", None, None
            self.held.append(job)
            return
        unit: Unit | None
        if self.world.routing.decode == "round_robin":
            unit = self.in_turn(self.decode_units(), "decode")
        else:
            unit = min(ready, key=lambda one: sum(self.decode_load(rank) for rank in one.ranks))
        assert unit
        rank, move = min(unit.ranks, key=self.decode_load), self.world.engines.transfer
        begin_s = max(self.now_s, job.sender.send_free_s)
        if move.receiving_port:
            begin_s = max(begin_s, rank.receive_free_s)
        end_s = begin_s + move.latency_s + job.prompt * (move.token_bytes / move.bytes_per_s)
        job.sender.send_free_s = rank.receive_free_s = end_s
        job.unit, job.rank, job.decoded_by, job.where, job.steps, job.step = unit, rank, unit.number, "moving", 0, 0
        rank.bound.append(job)
        heapq.heappush(self.events, (end_s, ARRIVES, job.number, job.epoch))

    # Prefixes

    def tier_of(self, unit: Unit, block: int) -> int | None:
        return next((i for i, tier in enumerate(unit.tiers) if block in tier), None)

    def found(self, unit: Unit, job: Job) -> int:
        return next((i for i, b in enumerate(job.blocks) if self.tier_of(unit, b) is None), len(job.blocks))

    def loaded_at(self, unit: Unit, job: Job) -> float:
        assert isinstance(self.world.cache, PrefixCache)
        tokens = [0] * len(unit.tiers)
        for i, block in enumerate(job.blocks):
            here = min(self.block_tokens, job.cached - i * self.block_tokens)
            if here <= 0:
                break
            place = self.tier_of(unit, block)
            assert place is not None
            tokens[place] += here
        ready_s = self.now_s
        for tier, many, free_s in zip(self.world.cache.tiers, tokens, unit.free_s, strict=True):
            rate = self.world.cache.token_bytes / tier.bytes_per_s if tier.bytes_per_s else 0.0
            span_s = tier.latency_s + many * rate
            if many and span_s > 0:
                free_s[0] = max(self.now_s, free_s[0]) + span_s
                ready_s = max(ready_s, free_s[0])
        return ready_s

    def use(self, unit: Unit, blocks: list[int]) -> None:
        assert isinstance(self.world.cache, PrefixCache)
        specs = self.world.cache.tiers
        for block in reversed(blocks):
            for spec, tier in list(zip(specs, unit.tiers, strict=True))[1:]:
                if not spec.shared:
                    tier.pop(block, None)
            sinks: int | None = block
            for spec, tier in zip(specs, unit.tiers, strict=True):
                if sinks is None:
                    break
                old = sinks in tier
                tier[sinks] = None
                tier.move_to_end(sinks)
                sinks = None if old or len(tier) <= spec.blocks else tier.popitem(last=False)[0]
