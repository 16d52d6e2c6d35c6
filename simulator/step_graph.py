"""A training step as one graph: every phase on every pipeline rank, how long it takes, what it waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush

from simulator.chunk_phases import Phase, phases_of
from simulator.finish_phases import Ending, endings
from simulator.phase_work import Collective, Computed
from simulator.pipeline import SEND, SEND_STREAM, content, tasks
from simulator.plan import Plan
from simulator.run import Played, pace_of
from simulator.sync import Slot
from workloads.schedule import Step, Work

SAME_S = 1e-12
"""Times nearer to each other than this are the same: sums of the same numbers in another order."""
SLOWEST, RANKS = "slowest GPU", "other ranks"
"""Whom a rank waits for: a GPU that works together with this one, which no node stands for; ranks of the graph."""


@dataclass(frozen=True, slots=True)
class Message:
    """Activations, or their gradients, from one pipeline rank to another; tag tells messages of a pair apart."""

    source: int
    target: int
    tag: int
    nvlink_bytes: float
    network_bytes: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Time in which a rank does nothing but wait."""


About = Computed | Collective | Message | Wait


@dataclass(frozen=True, slots=True)
class Node:
    """One phase on one pipeline rank.

    seconds   how long it takes; of what is received: until it is there, from when it is needed
    after     nodes of the same rank that have ended before: places in the graph, each before this one
    waited_s  of a collective's or a message's seconds those in which it waits;  whom   whom it waits for
    """

    rank: int
    name: str
    start_s: float
    seconds: float
    after: tuple[int, ...]
    about: About
    waited_s: float = 0.0
    whom: str = ""

    @property
    def end_s(self) -> float:
        """When it has ended."""
        return self.start_s + self.seconds


@dataclass(slots=True)
class _Graph:
    """Nodes while they are collected, by slot of the pipeline.

    done     [slot]  nodes after which the slot is over on its rank
    line     (rank, stream) -> nodes after which the stream is free
    """

    plan: Plan
    slots: Sequence[Slot]
    start_s: Sequence[float]
    end_s: Sequence[float]
    inside: Mapping[tuple[Work, ...], tuple[Phase, ...]]
    steps: Sequence[Step]
    target_of: Mapping[int, int]
    endings: Mapping[int, tuple[Ending, ...]]
    nodes: list[Node] = field(default_factory=list)
    done: dict[int, tuple[int, ...]] = field(default_factory=dict)
    line: dict[tuple[int, str], tuple[int, ...]] = field(default_factory=dict)
    barrier: dict[int, tuple[int, ...]] = field(default_factory=dict)
    tags: dict[tuple[int, int], int] = field(default_factory=dict)
    tag_of: dict[int, int] = field(default_factory=dict)

    def add(self, node: Node, whom: str) -> tuple[int, ...]:
        """Append a node; where nothing of its own rank explains its start, it waits: what computes behind a node of its
        own, what communicates within its own time, as it does on a GPU, whose other stream goes on.
        """
        ready_s = max((self.nodes[place].end_s for place in node.after), default=0.0)
        waited_s = node.start_s - ready_s
        if waited_s <= SAME_S * max(1.0, node.start_s):
            self.nodes.append(node)
        elif isinstance(node.about, Computed):
            wait = Node(node.rank, f"wait: {node.name}", ready_s, waited_s, node.after, Wait(), waited_s, whom)
            self.nodes += [wait, replace(node, after=(len(self.nodes),))]
        else:
            longer_s = node.seconds + waited_s
            self.nodes.append(replace(node, start_s=ready_s, seconds=longer_s, waited_s=waited_s, whom=whom))
        return (len(self.nodes) - 1,)

    def joined(self, rank: int, name: str, end_s: float, after: tuple[int, ...]) -> tuple[int, ...]:
        """The nodes after which a chunk is over: its last ones, or the wait for the slowest GPU behind them."""
        ready_s = max((self.nodes[place].end_s for place in after), default=0.0)
        if end_s - ready_s <= SAME_S * max(1.0, end_s):
            return after
        waited_s = end_s - ready_s
        self.nodes.append(Node(rank, f"wait: end of {name}", ready_s, waited_s, after, Wait(), waited_s, SLOWEST))
        return (len(self.nodes) - 1,)

    def chunk(self, slot: int) -> None:
        """A chunk phase by phase, once what it needs has been received."""
        task, began_s = self.slots[slot].task, self.start_s[slot]
        gate = self.line.get((task.rank, task.stream), ())
        own = [place for other in task.after for place in self.own(other, task.rank)]
        received = [place for other in task.after if other in self.target_of for place in self.receive(other, gate)]
        gate = tuple(sorted({*gate, *own, *received}))
        places: list[int] = []
        last: dict[str, int] = {}
        followed: set[int] = set()
        for phase in self.inside[content(self.steps[slot])]:
            earlier = {places[at] for at in phase.after} | {last[phase.stream] for _ in (1,) if phase.stream in last}
            followed |= earlier
            after = tuple(sorted(earlier)) or gate
            name, start_s = f"{task.name}: {phase.name}", began_s + phase.start_s
            (place,) = self.add(Node(task.rank, name, start_s, phase.seconds, after, phase.about), SLOWEST)
            places.append(place)
            last[phase.stream] = place
        ends = tuple(place for place in places if place not in followed) or gate
        over = self.joined(task.rank, task.name, self.end_s[slot], ends)
        self.done[slot] = self.line[task.rank, task.stream] = over

    def own(self, slot: int, rank: int) -> tuple[int, ...]:
        """Nodes of a rank after which another slot of the same rank is over; none for other ranks' slots."""
        return self.done[slot] if self.slots[slot].task.rank == rank and slot not in self.target_of else ()

    def send(self, slot: int) -> None:
        """What a chunk made goes to the rank that needs it, one message at a time."""
        task, target, sent = self.slots[slot].task, self.target_of[slot], self.plan.send
        pair = (task.rank, target)
        self.tag_of[slot] = self.tags[pair] = self.tags.get(pair, 0) + 1
        about = Message(task.rank, target, self.tag_of[slot], sent.nvlink_bytes, sent.network_bytes)
        after = {*self.line.get((task.rank, task.stream), ()), *(p for o in task.after for p in self.done[o])}
        node = Node(task.rank, task.name, self.start_s[slot], task.duration_s, tuple(sorted(after)), about)
        self.done[slot] = self.line[task.rank, task.stream] = self.add(node, RANKS)

    def receive(self, slot: int, gate: tuple[int, ...]) -> tuple[int, ...]:
        """What is received: from when the rank could use it until it is there."""
        sent = self.nodes[self.done[slot][0]]
        if not isinstance(sent.about, Message):
            return ()
        ready_s = max((self.nodes[place].end_s for place in gate), default=0.0)
        name = sent.name.replace("send", "receive", 1)
        seconds = max(0.0, sent.end_s - ready_s)
        self.nodes.append(Node(sent.about.target, name, ready_s, seconds, gate, sent.about, seconds, RANKS))
        return (len(self.nodes) - 1,)

    def ending(self, slot: int) -> None:
        """Gradients summed, the norm of all, the update, parameters sent back: on the ranks that do it."""
        task, start_s = self.slots[slot].task, self.start_s[slot]
        for part in self.endings[slot]:
            rank = part.rank
            own = {place for other in task.after for place in self.before(other, rank)}
            after = {*self.line.get((rank, task.stream), ()), *own}
            begins_s, places = start_s, tuple(sorted(after))
            for name, seconds, about in part.nodes:
                places = self.add(Node(rank, name, begins_s, seconds, places, about), RANKS)
                begins_s += seconds
            self.line[rank, task.stream] = places
            if task.rank == rank:
                self.done[slot] = places
            self.barrier[rank] = places if part.meets else self.barrier.get(rank, ())
        self.done.setdefault(slot, ())

    def before(self, slot: int, rank: int) -> tuple[int, ...]:
        """Nodes of a rank after which another slot is over, a barrier being one on every rank."""
        if any(part.meets for part in self.endings.get(slot, ())):
            return self.barrier[rank]
        return self.own(slot, rank)


def step_graph(plan: Plan, played: Played) -> tuple[Node, ...]:
    """Every phase of a step, one GPU a pipeline rank, each after all that it waits for.

    The longest way through the nodes of one rank, by their seconds, is the step as `simulate` played it. Phases inside
    of a chunk take their mean over GPUs and draws of the loads; what is then missing to the slowest GPU is waited.
    """
    pace = pace_of(plan, played.inside)
    slots = tasks(plan.orders, pace)
    steps = [step for order in plan.orders for step in order]
    inside = {key: phases_of(plan, key, each) for key, each in played.inside.items()}
    target_of = {
        other: slot.task.rank
        for slot in slots[: len(steps)]
        for other in slot.task.after
        if slots[other].category == SEND
    }
    graph = _Graph(
        plan, slots, played.step.start_s.tolist(), played.step.end_s.tolist(), inside, steps, target_of,
        endings(plan, slots, len(steps) + sum(slot.category == SEND for slot in slots)),
    )  # fmt: skip
    for slot in _in_order(slots, graph.start_s):
        if slot < len(steps):
            graph.chunk(slot)
        elif slots[slot].category == SEND:
            graph.send(slot)
        else:
            graph.ending(slot)
    return tuple(graph.nodes)


def _in_order(slots: Sequence[Slot], start_s: Sequence[float]) -> list[int]:
    """Slots by their start, each behind all that it waits for and, but for messages, behind those of its stream.

    Of those that start together messages come first: whoever issues nodes by number does not hold them up.
    """
    after = [set(slot.task.after) for slot in slots]
    last: dict[tuple[int, str], int] = {}
    for place, slot in enumerate(slots):
        line = (slot.task.rank, slot.task.stream)
        if line in last and slot.task.stream != SEND_STREAM:
            after[place].add(last[line])
        last[line] = place
    followers: list[list[int]] = [[] for _ in slots]
    for place, earlier in enumerate(after):
        for other in earlier:
            followers[other].append(place)
    missing = [len(earlier) for earlier in after]
    turn = [(start_s[place], slot.category != SEND, place) for place, slot in enumerate(slots)]
    ready = [turn[place] for place, left in enumerate(missing) if not left]
    heapify(ready)
    order = []
    while ready:
        _, _, place = heappop(ready)
        order.append(place)
        for follower in followers[place]:
            missing[follower] -= 1
            if not missing[follower]:
                heappush(ready, turn[follower])
    return order
