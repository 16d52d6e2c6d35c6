"""How a service's tables are called and explained, and the words that its report uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reports.tables import Look
from reports.unit_pictures import MEMORY

WORDS = (
    ("Prefill", "Reading a prompt: all of its tokens go through the model together, and their keys and values are "
     "kept in a cache."),
    ("Decode", "Writing the answer, one token of each sequence a step; each new token looks at all before it."),
    ("Unit", "GPUs that hold one copy of the model and step together. Prefill units read, decode units write, whole "
     "units do both."),
    ("Group", "The tp GPUs of a unit that share the same requests. With tp = 1 each GPU is a group of its own."),
    ("Sequence", "One request while it is answered: its prompt and what is written of the answer."),
    ("Batch", "The sequences, or prompt tokens, of one step. A larger one uses the GPU better and takes longer."),
    ("TTFT", "Time to the first token: from the arrival of a request to the first word of its answer."),
    ("TPOT", "Time per output token: from one token of a request to the next, mean over its answer."),
    ("ITL", "Inter-token latency: each single time between two tokens, where TPOT is their mean."),
    ("Goodput", "Requests, or tokens, of those requests alone that got what was promised."),
    ("KV cache", "Keys and values of all earlier tokens, kept so that they need not be computed again."),
    ("EP", "Expert parallelism: the experts are shared out among GPUs, and each token goes to where its experts are."),
    ("TP", "Tensor parallelism: GPUs that split each layer's heads and width among them."),
    ("DP attention", "Data-parallel attention: each group attends for requests of its own, while all groups of a unit "
     "share the experts."),
    ("Dispatch, combine", "Sending each token to the GPUs that hold its experts, and fetching the results back."),
    ("Two micro-batches", "A step cut in halves: while one computes, the other's tokens are on their way."),
    ("Hidden", "A transfer is hidden while something is computed; only the rest of it makes the step longer."),
    ("Redundant experts, EPLB", "Busy experts lie on more than one GPU, and experts are placed so that every GPU has "
     "about as much to do."),
    ("MTP, guesses", "Multi-token prediction: small modules guess tokens ahead; the next step checks the guesses, and "
     "keeps those that are right."),
    ("Acceptance", "The share of guesses that are right, given that those before them are."),
    ("FP8, BF16", "Number formats of 8 and 16 bits; fewer bits compute and move faster."),
)  # fmt: skip
"""Word and meaning, in the order in which a reader meets them."""

TITLES = {
    "step_s": "Step", "tpot_s": "TPOT", "ttft_s": "TTFT", "tokens_per_s_per_gpu": "Tokens a second of a GPU",
    "tp": "TP", "ep": "EP", "gpus": "GPUs", "kv_share": "Cache memory in use", "rate_per_s": "Requests",
    "mean_s": "Mean", "p50_s": "50 %", "p90_s": "90 %", "p95_s": "95 %", "p99_s": "99 %", "seconds": "Time",
    "counted_s": "Not hidden", "share": "Share", "kept_share": "Promises kept", "busy_share": "Busy",
    "overlapped_s": "Two micro-batches", "alone_s": "One after the other", "gain_ratio": "Gain of two",
    "low_s": "From", "high_s": "To", "bytes": "Memory", "metric": "Time", "time_s": "At",
    "experts_per_gpu": "Experts a GPU", "tokens_per_step": "Tokens a step", "speed_ratio": "Speed for a user",
    "fits": "Fits", "keys": "Earlier tokens", "rows": "In a step of a group",
}  # fmt: skip
"""Columns of any table of a service -> heads."""
NAMES = {
    "True": "yes", "False": "no", "ttft": "first token (TTFT)", "tpot": "output token (TPOT)",
    "itl": "between tokens (ITL)", "e2e": "whole answer",
}  # fmt: skip
"""Cells of any table of a service -> plain words."""
LOOKS: Mapping[str, Look] = {
    "units": Look(
        "Units and their typical step",
        meanings={"gpus": "of one unit", "rows": "sequences, or prompt tokens", "keys": "that a new token looks at"},
    ),
    "steps": Look(
        "Lines of a typical step",
        "The times that are not hidden add up to the step.",
        titles={"term": "Line"},
        meanings={"seconds": "hidden or not", "share": "of the step"},
        bars=("share",),
    ),
    "memory": Look("What a GPU holds, part by part", titles={"part": "Part"}, names=MEMORY, total="All"),
    "answers": Look(
        "Steps of answers, by sequences of a group", meanings={"gain_ratio": "speed, over one after the other"}
    ),
    "prompts": Look(
        "Steps of prompts, by tokens of a group", meanings={"gain_ratio": "speed, over one after the other"}
    ),
    "guesses": Look(
        "Guessing tokens ahead, by depth",
        "Depth 0 guesses nothing. A depth whose acceptance nobody has stated is taken to be accepted as often as the "
        "one before.",
        meanings={"depth": "tokens guessed ahead", "speed_ratio": "100 is without guesses"},
    ),
    "percentiles": Look("Means and percentiles", meanings={"p99_s": "99 of 100 are faster"}),
    "throughput": Look("Over the rate of requests"),
    "promises": Look("What was promised, and to how many it was kept"),
    "engines": Look("Units and how busy they were", titles={"busy_s": "In steps", "present_s": "There"}),
    "classes": Look("What tokens cost and bring, by class", titles={"class": "Tokens", "tokens": "Of a day"}),
    "day": Look("The day, hour by hour", meanings={"demand_ratio": "over the day's mean", "nodes": "servers held"}),
    "candidates": Look(
        "Fleets, the cheapest first",
        titles={"dearer_ratio": "Dearer", "binds": "One unit fewer fails by", "lost": "Why it is not the best"},
        meanings={"kept_share": "of the requests, by closed forms"},
    ),
    "checks": Look("The best fleet played by events, a unit more or fewer at a time"),
    "left_out": Look("Units that cannot be, or keep no promise"),
    "layouts": Look("Layouts of the model over the number of users", titles={"bound": "Binds"}),
    "crossings": Look(
        "From how many users on another layout is better than this one", titles={"from_users": "From users"}
    ),
    "resources": Look("What one token of a single user keeps busy", titles={"busy_s": "Busy"}),
}
"""Title and remarks of each table that is known; any other is shown under its own name."""
OWN_WAY = ("steps", "memory", "histograms", "timeline", "conditions")
"""Tables that are shown otherwise than as they are; the last two are only drawn, their numbers are in tables/."""
LEADS = {
    "step": "A typical step of each unit: the batch that the service asks for, of requests of typical length.",
    "batch": "The size of the batch trades the speed of a GPU against the speed for a user.",
    "memory": "Weights and buffers are there all the time; what they leave bounds how many sequences are answered at "
    "once.",
    "guesses": "A sequence gets more than one token a step where guesses of the next ones turn out right; checking "
    "them makes the step longer.",
    "requests": "Requests arrive, wait for a unit, get their first token, then one after the other.",
    "fleet": "Closed forms rank all ways to build units; the best fleet is then played request by request.",
    "day": "Units follow the demand hour by hour; GPUs that are not held may be lent.",
    "layouts": "Weights come from where they are kept for every step; what pays depends on how many share it.",
}
"""Section -> the sentence it begins with."""


def look_of(name: str) -> Look:
    """How a table is shown."""
    known = LOOKS.get(name) or Look(f"{name[:1].upper()}{name[1:].replace('_', ' ')}")
    return replace(known, titles={**TITLES, **known.titles}, names={**NAMES, **known.names})
