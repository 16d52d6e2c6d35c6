"""Steps of the slow world's engines, and its loop over instants."""

from __future__ import annotations

import heapq
import math

from simulator.serving.world.spec import Disaggregated, PrefixCache, Swap, WholeUnits
from tests.crosscheck.slow_tables import lookup, rest, steps_drawn, together
from tests.crosscheck.slow_world import ARRIVES, STEP_ENDS, Job, Rank, SlowWorld, Unit

OVER = ("finished", "turned away", "gave up")


class SlowPlay(SlowWorld):
    """The play."""

    def token_after_move(self) -> bool:
        engines = self.world.engines
        return isinstance(engines, Disaggregated) and engines.transfer.first_token_after_transfer

    def blocks_of(self, tokens: int) -> int:
        return math.ceil(tokens / self.kv_rules.block_tokens)

    def gap(self, since_s: float) -> None:
        self.gaps.append(self.now_s - since_s)

    def deliver(self, job: Job) -> None:
        if "first" in job.times:
            self.gap(job.last_s)
        self.note(job, "first")
        job.last_s = self.now_s

    # Decoding

    def draw(self, job: Job, made: int) -> None:
        job.todo, job.step = job.output - made, 0
        job.steps = steps_drawn(self.world.speculation.acceptance, job.todo, self.seed, job.number, made)

    def fits(self, rank: Rank, blocks: int) -> bool:
        watermark = int(self.kv_rules.watermark_share * self.blocks)
        if rank.admitted() >= self.kv_rules.most_sequences:
            return False
        return rank.admitted() == 0 or rank.used() + blocks <= self.blocks - watermark

    def join(self, rank: Rank, job: Job) -> None:
        job.where, job.joined_step = "running", job.step
        rank.running.append(job)
        self.note(job, "decoding")

    def needs(self, rank: Rank) -> int:
        """Blocks beyond those in use for the coming step."""
        return sum(max(self.blocks_of(job.kv(1)) - job.held, 0) for job in rank.running)

    def make_room(self, rank: Rank) -> bool:
        short = False
        while rank.used() + self.needs(rank) > self.blocks:
            short = True
            self.put_back(rank, (rank.begun or rank.running)[-1])
        for job in rank.running:
            job.held = max(job.held, self.blocks_of(job.kv(1)))
        return short

    def put_back(self, rank: Rank, job: Job) -> None:
        self.preemptions += 1
        job.preempted += 1
        job.held = 0
        if job in rank.begun:
            rank.begun.remove(job)
            job.done, job.where = 0, "queued"
            rank.queue.appendleft(job)
            return
        rank.running.remove(job)
        if isinstance(self.kv_rules.when_full, Swap):
            job.where = "away"
            rank.away.appendleft(job)
            return
        rank.bound.remove(job)
        job.made += job.todo * job.step // job.steps
        job.steps = job.step = 0
        if self.split:
            self.send_prompt(job, False)
        else:
            job.prompt, job.cached, job.done, job.where = job.input + job.made, 0, 0, "queued"
            rank.queue.appendleft(job)
            rank.assigned.append(job)

    def bring_back(self, rank: Rank) -> bool:
        swap = self.kv_rules.when_full
        while rank.away:
            assert isinstance(swap, Swap)
            job = rank.away[0]
            if not self.fits(rank, self.blocks_of(job.kv(1))):
                return False
            rank.away.popleft()
            job.held, job.where = self.blocks_of(job.kv(1)), "returning"
            rank.returning.append(job)
            at_s = self.now_s + (swap.latency_s + job.kv() * (swap.token_bytes / swap.bytes_per_s))
            heapq.heappush(self.events, (at_s, ARRIVES, job.number, job.epoch))
        return True

    def join_back(self, rank: Rank) -> None:
        while rank.back:
            self.join(rank, rank.back.pop(0))

    def admit(self, rank: Rank) -> None:
        if not self.bring_back(rank):
            return
        while rank.queue:
            job = rank.queue[0]
            self.draw(job, job.made)
            if not self.fits(rank, self.blocks_of(job.kv(1))):
                return
            rank.queue.popleft()
            job.held = self.blocks_of(job.kv(1))
            self.join(rank, job)

    def end_decode(self, rank: Rank) -> None:
        for job in list(rank.running):
            self.gap(job.last_s)
            job.last_s = self.now_s
            job.step += 1
            if job.step == job.steps:
                rank.running.remove(job)
                rank.bound.remove(job)
                job.held = 0
                self.leave(job, "finished")

    # Prompts

    def piece_of(self, rank: Rank, job: Job, budget: int) -> int:
        left, taken = job.prompt - job.cached - job.done, sum(one.piece for one in rank.begun)
        if self.world.prompt_units.chunked:
            return max(min(left, budget - taken), 0)
        return left if taken == 0 or taken + left <= budget else 0

    def gives_up(self, job: Job) -> bool:
        limit = self.world.admission.give_up_s
        return limit is not None and "first" not in job.times and self.now_s - job.arrival_s > limit

    def take_prompts(self, rank: Rank, budget: int, admits: bool) -> int:
        for job in rank.begun:
            job.piece = self.piece_of(rank, job, budget)
        full = any(job.piece == 0 for job in rank.begun)
        if not full and admits and (self.split or self.bring_back(rank)):
            while rank.queue and self.begins(rank, rank.queue[0], budget):
                pass
        return sum(job.piece for job in rank.begun)

    def begins(self, rank: Rank, job: Job, budget: int) -> bool:
        """True if the queue moved on: its first prompt enters the step or is given up."""
        if self.gives_up(job):
            rank.queue.popleft()
            rank.assigned.remove(job)
            self.leave(job, "gave up")
            return True
        blocks = 0
        if not self.split:
            self.draw(job, job.made + 1)
            blocks = self.blocks_of(job.prompt + (job.todo // job.steps if job.todo else 0))
            if not self.fits(rank, blocks):
                return False
        piece = self.piece_of(rank, job, budget)
        if piece == 0:
            return False
        rank.queue.popleft()
        rank.begun.append(job)
        job.piece, job.held, job.where = piece, blocks, "computing"
        self.note(job, "started")
        return True

    def earlier(self, rank: Rank) -> float:
        return sum(job.piece * (job.cached + job.done + job.piece / 2) for job in rank.begun)

    def end_prompts(self, rank: Rank) -> None:
        for job in list(rank.begun):
            job.done, job.piece = job.done + job.piece, 0
            if job.cached + job.done == job.prompt:
                self.complete(rank, job)

    def complete(self, rank: Rank, job: Job) -> None:
        assert job.unit
        rank.begun.remove(job)
        rank.assigned.remove(job)
        if isinstance(self.world.cache, PrefixCache):
            self.use(job.unit, job.blocks)
        job.made += 1
        last = job.made == job.output
        if last or not self.token_after_move():
            self.deliver(job)
        if last:
            job.held = 0
            self.leave(job, "finished")
        elif self.split:
            self.send_kv(job)
        else:
            job.decoded_by = job.unit.number
            rank.bound.append(job)
            self.join(rank, job)

    # Steps

    def step_s(self, unit: Unit) -> float:
        """Make a step ready; its seconds, 0 if there is nothing to do."""
        engines = self.world.engines
        if not isinstance(engines, Disaggregated):
            return self.whole_step_s(unit, engines.whole)
        if unit.number < engines.prefill.count:
            for rank in unit.ranks:
                self.take_prompts(rank, engines.prefill.step_tokens, True)
            took = [(sum(job.piece for job in rank.begun), self.earlier(rank)) for rank in unit.ranks]
            return together(engines.prefill.table, took)
        for rank in unit.ranks:
            self.join_back(rank)
            if not self.make_room(rank):
                self.admit(rank)
            rank.decodes = bool(rank.running)
        running = [(len(rank.running), sum(job.mean_kv() for job in rank.running)) for rank in unit.ranks]
        return together(engines.decode.table, running)

    def whole_step_s(self, unit: Unit, whole: WholeUnits) -> float:
        prompts_only = False
        for rank in unit.ranks:
            self.join_back(rank)
            if whole.first == "prefill":
                prompts_only |= self.take_prompts(rank, whole.step_tokens, True) > 0
            else:
                admits = not self.make_room(rank)
                self.take_prompts(rank, whole.step_tokens - len(rank.running), admits)
        longest_s, everything = 0.0, 0
        for rank in unit.ranks:
            if whole.first == "prefill" and not prompts_only:
                self.make_room(rank)
            many, tokens = 0 if prompts_only else len(rank.running), sum(job.piece for job in rank.begun)
            rank.decodes = many > 0
            if many + tokens:
                everything += many + tokens
                span_s = rest(whole.table, many + tokens, own=True)
                span_s += lookup(whole.table.decode, many, sum(j.mean_kv() for j in rank.running) / many) if many else 0
                span_s += lookup(whole.table.prefill, tokens, self.earlier(rank) / tokens) if tokens else 0
                longest_s = max(longest_s, span_s)
        mean = everything / len(unit.ranks)
        return longest_s + rest(whole.table, mean) - rest(whole.table, mean, own=True) if everything else 0.0

    def begin(self, unit: Unit) -> None:
        if unit.began_s is None and (span_s := self.step_s(unit)) > 0:
            unit.began_s = self.now_s
            heapq.heappush(self.events, (self.now_s + span_s, STEP_ENDS, unit.number, unit.generation))

    def end(self, unit: Unit) -> None:
        assert unit.began_s is not None
        unit.busy_s += self.now_s - unit.began_s
        unit.began_s = None
        for rank in unit.ranks:
            if rank.decodes:
                self.end_decode(rank)
            self.end_prompts(rank)
        self.dirty.add(unit.number)

    def arrives(self, job: Job) -> None:
        assert job.rank and job.unit
        if job.where == "loading":
            self.enter_queue(job)
        elif job.where == "moving":
            job.times["moved"] = self.now_s
            if self.token_after_move():
                self.deliver(job)
            job.where = "waiting"
            job.rank.queue.append(job)
        else:
            job.where = "back"
            job.rank.returning.remove(job)
            job.rank.back.append(job)
        self.dirty.add(job.unit.number)

    # Windows

    def opens(self, unit: Unit) -> None:
        unit.open = True
        if unit in self.prompt_units() and isinstance(self.world.cache, PrefixCache):
            for spec, tier, free_s in zip(self.world.cache.tiers, unit.tiers, unit.free_s, strict=True):
                if not spec.shared:
                    tier.clear()
                    free_s[0] = 0.0
        if unit.number < self.world.prompt_units.count:
            while self.homeless:
                self.send_prompt(self.homeless.popleft(), False)
        else:
            while self.held:
                self.send_kv(self.held.popleft())
        self.dirty.add(unit.number)

    def lose(self, job: Job) -> None:
        """Its KV, and a token that has not reached the user."""
        if job in self.held:
            self.held.remove(job)
        if job.rank and job in job.rank.bound:
            job.rank.bound.remove(job)
        if job.steps and job.where in ("running", "away", "returning", "back"):
            job.made += job.todo * job.step // job.steps
        if job.where in ("moving", "held") and self.token_after_move():
            job.made -= 1
        job.steps, job.step, job.held, job.piece, job.epoch = 0, 0, 0, 0, job.epoch + 1

    def fails(self, unit: Unit) -> None:
        unit.generation += 1
        if unit.began_s is not None:
            unit.busy_s += self.now_s - unit.began_s
            unit.began_s = None
        lost = []
        for job in self.jobs:
            leaving = job.where in ("moving", "held") and job.prefilled_by == unit.number
            if job.unit is not unit and not leaving:
                continue
            self.lose(job)
            lost.append(job)
        unit.ranks = [Rank() for _ in unit.ranks]
        for job in lost:
            self.send_prompt(job, False)

    # Time

    def edges(self) -> list[tuple[float, int, int, str]]:
        every = [(one.from_s, 1, one.unit, "opens") for one in self.world.windows]
        every += [(one.until_s, 0, one.unit, one.end) for one in self.world.windows if math.isfinite(one.until_s)]
        return sorted(every)

    def edge(self, unit: Unit, what: str) -> None:
        if what == "opens":
            self.opens(unit)
            return
        unit.open = False
        if what == "fail":
            self.fails(unit)
        self.dirty.add(unit.number)

    def happens(self, edges: list[tuple[float, int, int, str]], coming: list[Job]) -> None:
        """The first of what is due now."""
        if edges and edges[0][0] == self.now_s:
            _, _, number, what = edges.pop(0)
            self.edge(self.units[number], what)
        elif self.events and self.events[0][0] == self.now_s:
            _, kind, number, check = heapq.heappop(self.events)
            if kind == STEP_ENDS and self.units[number].generation == check:
                self.end(self.units[number])
            elif kind == ARRIVES and self.jobs[number].epoch == check and self.jobs[number].where not in OVER:
                self.arrives(self.jobs[number])
        else:
            job = coming.pop(0)
            job.where = "new"
            self.send_prompt(job, True)

    def next_s(self, edges: list[tuple[float, int, int, str]], coming: list[Job]) -> float:
        """When the next thing is due; infinite if nothing ever is."""
        nexts = [edges[0][0]] if edges else []
        nexts += [self.events[0][0]] if self.events else []
        nexts += [coming[0].arrival_s] if coming else []
        return min(nexts, default=math.inf)

    def run(self) -> SlowPlay:
        """Play to the end."""
        edges, coming = self.edges(), list(self.jobs)
        while True:
            present = [job for job in self.jobs if job.where not in ("unborn", *OVER)]
            if not coming and not present:
                return self
            next_s = self.next_s(edges, coming)
            if self.dirty and next_s > self.now_s:
                while self.dirty:
                    self.dirty.remove(number := min(self.dirty))
                    self.begin(self.units[number])
                continue
            if next_s == math.inf:
                return self
            self.present_s += len(present) * (next_s - self.now_s)
            self.now_s = next_s
            self.happens(edges, coming)
