"""What every report ends with: the inputs that it stands on, and how to get it again."""

from __future__ import annotations

from collections.abc import Sequence

from reports import terms
from reports.document import Cell, Column, Listing, Section, Table
from reports.tables import rows
from simulator.result import Assumption, Reproduction

BASES = {
    "published": "stated by the maker or in a paper", "measured": "measured on real hardware",
    "derived": "computed from other values here", "assumed": "nobody has said: our choice",
}  # fmt: skip


def assumed(assumptions: Sequence[Assumption]) -> Section:
    """Every input with value, basis and source, under one sentence that says how many there are of each basis."""
    count = {basis: sum(one.basis == basis for one in assumptions) for basis in BASES}
    said = "; ".join(f"{number} {basis} ({BASES[basis]})" for basis, number in count.items() if number)
    lead = (f"{len(assumptions)} inputs: {said}.",) if said else ()
    columns = (Column("Input"), Column("Value"), Column("Basis"), Column("Source"))
    entries = rows([(one.what, one.value, one.basis, one.source) for one in assumptions])
    listed = Table("assumptions", "Inputs and where they come from", columns, entries, "tables/assumptions.csv")
    return Section("assumptions", "Assumptions", "What this stands on", lead, (listed,))


def reproduced(again: Reproduction, kind: str) -> Section:
    """Command, versions, seed, digest, and the YAML.

    kind   what the YAML describes: "scenario", "run", "service"
    """
    facts = {"Command": again.command, "Seed": str(again.seed), f"Digest of the {kind} (SHA-256)": again.digest}
    facts |= {f"Version of {name}": version for name, version in again.versions.items()}
    entries = tuple((Cell(what), Cell(value, code=True)) for what, value in facts.items())
    needed = Table("reproduction", "What it takes", (Column("What"), Column("Value")), entries)
    listing = Listing(f"The whole {kind} (YAML)", again.scenario_yaml)
    return Section(
        "reproduce", "Reproduce", "Reproduce this", (terms.LEADS["reproduce"].format(kind=kind),), (needed, listing)
    )
