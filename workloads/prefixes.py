"""What prompts have in common: system prompts that many share, and conversations whose turns repeat all before them."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from topologies.spec import Spec
from topologies.units import Count, Seconds, Tokens
from workloads.requests import Floats, Integers, Requests
from workloads.router import Seed, seeds

GOES_ON, PAUSE, PROMPT = range(3)
CHUNK_REQUESTS = 65_536
"""Requests whose blocks are numbered at once: what lies beside the result stays small."""


class Prefixes(Spec):
    """System prompts and conversations.

    block_tokens         tokens of a block; what prompts have in common counts in whole ones
    system_prompts       tokens of each, most popular first; every conversation begins with one of them
    popularity_exponent  the r-th is chosen r^exponent times less often than the first (Zipf's law)
    turns                mean requests of a conversation, geometrically distributed; 1: none has a second
    pause_s              from a request to the same conversation's next one, at least: exponential with this mean
    most_input_tokens    a conversation that would have a longer prompt begins anew; None: it goes on
    """

    block_tokens: Count
    system_prompts: tuple[Tokens, ...] = ()
    popularity_exponent: Annotated[float, Field(ge=0, le=4)] = 1.0
    turns: Annotated[float, Field(ge=1, le=1000)] = 1.0
    pause_s: Seconds = 60.0
    most_input_tokens: Tokens | None = None

    def popularity(self) -> Floats:
        """Share of the conversations that begin with each system prompt, or with none if there is none: [prompt]."""
        falling = np.arange(1.0, max(len(self.system_prompts), 1) + 1) ** -self.popularity_exponent
        shares: Floats = falling / falling.sum()
        return shares

    def prompt_tokens(self) -> Integers:
        """Tokens of each system prompt: [prompt]."""
        return np.array(self.system_prompts or (0,), dtype=np.int64)

    def mean_input_tokens(self, message_tokens: float, output_tokens: float) -> float | None:
        """Mean prompt, for means of what is new in it and of answers; None where conversations may begin anew.

        A request of a geometric conversation has turns - 1 earlier ones before it, on average.
        """
        if self.most_input_tokens is not None:
            return None
        system_tokens = float(self.popularity() @ self.prompt_tokens())
        return system_tokens + message_tokens + (self.turns - 1) * (message_tokens + output_tokens)

    def shared(self, arrival_s: Floats, lengths: tuple[Integers, Integers], seed: Seed) -> Requests:
        """Requests whose prompts are a system prompt, all earlier turns with their answers, and a message of their own.

        arrival_s   [request], stays as it is: conversations are woven into the stream
        lengths     tokens of the messages and of the answers: [request], [request]
        """
        message_tokens, output_tokens = lengths
        rng = np.random.default_rng(seeds(seed, PROMPT))
        prompt = rng.choice(len(self.popularity()), len(arrival_s), p=self.popularity())
        first_tokens = self.prompt_tokens()[prompt] + message_tokens
        grown = first_tokens.copy()
        conversation = np.arange(len(arrival_s))
        follower = self._followers(arrival_s, seed)
        begins = np.ones(len(arrival_s), dtype=bool)
        begins[follower[follower >= 0]] = False
        before = np.flatnonzero(begins)
        while len(before):
            before = before[follower[before] >= 0]
            turn = follower[before]
            tokens = grown[before] + output_tokens[before] + message_tokens[turn]
            goes_on = tokens <= (self.most_input_tokens or np.inf)
            grown[turn[goes_on]] = tokens[goes_on]
            conversation[turn[goes_on]] = conversation[before[goes_on]]
            before = turn
        block_at, block_ids = self._blocks(grown, conversation, prompt[conversation])
        return Requests(arrival_s, grown, output_tokens, self.block_tokens, block_at, block_ids)

    def _followers(self, arrival_s: Floats, seed: Seed) -> Integers:
        """Index of the request that is each one's next turn, or -1: [request].

        Whose pause is over first gets the next request that is not taken. With s[m] the first request after the m-th
        pause, this is m + max(s[i] - i) over all i <= m.
        """
        follower = np.full(len(arrival_s), -1)
        if self.turns <= 1:
            return follower
        rng = np.random.default_rng(seeds(seed, GOES_ON))
        turn = np.flatnonzero(rng.random(len(arrival_s)) < 1 - 1 / self.turns)
        ready_s = arrival_s[turn] + np.random.default_rng(seeds(seed, PAUSE)).exponential(self.pause_s, len(turn))
        order = np.argsort(ready_s)
        place = np.arange(len(turn))
        taken = place + np.maximum.accumulate(np.searchsorted(arrival_s, ready_s[order], side="right") - place)
        there = taken < len(arrival_s)
        follower[turn[order[there]]] = taken[there]
        return follower

    def _blocks(self, tokens: Integers, conversation: Integers, prompt: Integers) -> tuple[Integers, Integers]:
        """Where each request's whole blocks begin and their numbers: [request + 1], [block].

        A block within a system prompt belongs to that, every other one to the conversation.
        """
        blocks = tokens // self.block_tokens
        common = self.prompt_tokens() // self.block_tokens
        common_at = np.concatenate([[0], np.cumsum(common)])
        most = np.zeros(len(tokens), dtype=np.int64)
        np.maximum.at(most, conversation, blocks)
        own_at = common_at[-1] + np.concatenate([[0], np.cumsum(most)[:-1]])
        block_at = np.concatenate([[0], np.cumsum(blocks)])
        block_ids = np.empty(block_at[-1], dtype=np.int64)
        for begin in range(0, len(tokens), CHUNK_REQUESTS):
            part = slice(begin, begin + CHUNK_REQUESTS)
            ids = block_ids[block_at[begin] : block_at[min(begin + CHUNK_REQUESTS, len(tokens))]]
            at = block_at[:-1][part] - block_at[begin]
            ids[:] = _runs(own_at[conversation[part]], blocks[part])
            shared = np.minimum(common[prompt[part]], blocks[part])
            ids[_runs(at, shared)] = _runs(common_at[prompt[part]], shared)
        return block_at, block_ids


def _runs(first: Integers, count: Integers) -> Integers:
    """first[0], first[0] + 1, ... of count[0] numbers, then those of the next: [run], [run] -> [number]."""
    ends = np.cumsum(count)
    numbers: Integers = np.arange(ends[-1] if len(ends) else 0)
    numbers += np.repeat(first - ends + count, count)
    return numbers
