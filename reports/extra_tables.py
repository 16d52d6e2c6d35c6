"""How a result's extra tables are called and explained."""

from __future__ import annotations

from reports.tables import Look

EXTRA = {
    "bubble": Look(
        "The bubble by cause",
        "Mean over pipeline ranks. The step is played again with equal stages, without sends and without its end; each "
        "line is what one more of them adds. The lines add up to the bubble.",
        titles={"cause": "Cause", "seconds": "Time"},
        total="All: the bubble",
    ),
    "cuts": Look(
        "Other cuts of the model into stages",
        "The same step with another number of layers on the last stage, which also holds the output head. Where no cut "
        "is published, the spread of these lines is what the choice is worth.",
        titles={"layers": "Layers of each stage", "step_s": "Step", "step_bubble_s": "Bubble", "fits": "Fits"},
    ),
    "streams": Look(
        "What each rank's streams do",
        "Of the time between a rank's first and last task: inside a chunk, only communicating, standing still; and the "
        "share of communication between ranks during which the rank works on a chunk as well.",
        titles={"rank": "Rank", "compute_share": "In a chunk", "exposed_share": "Only communicating",
                "idle_share": "Idle", "hidden_share": "Communication hidden"},
    ),
}  # fmt: skip
"""Name of the table in a result -> how it is shown."""
