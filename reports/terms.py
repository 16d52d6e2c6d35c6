"""Words that a training report uses, each explained once."""

from __future__ import annotations

TRAINING = (
    ("Step", "One update of the model's weights: every micro-batch goes forward and backward once, then the "
     "optimiser runs."),
    ("Micro-batch", "The few sequences that go through the pipeline together. A step has many of them."),
    ("Pipeline rank", "A position in the pipeline. All GPUs at this position hold the same layers and do the same "
     "work at the same time, so one row of a picture stands for many GPUs."),
    ("Stage", "A run of neighbouring layers that stays together on a pipeline rank."),
    ("Chunk", "The work of one micro-batch on one stage, in one direction (forward or backward)."),
    ("Forward, F", "Computing a chunk's outputs from its inputs."),
    ("Backward, B", "Computing the gradients of a chunk: of its inputs (I) and of its weights (W). A schedule may "
     "put W off to fill a gap."),
    ("Overlapped pair, 1F1B", "A forward and a backward chunk of two micro-batches run together, so that one "
     "computes while the other sends."),
    ("Bubble", "Time in which a pipeline rank has nothing to do because it waits for another rank."),
    ("Dispatch, combine", "Sending each token to the GPUs that hold its experts, and fetching the results back."),
    ("Hidden, exposed", "Communication is hidden while computation runs beside it, exposed while the GPU only "
     "waits for it."),
    ("Attention, experts", "The two halves of a layer. Of its many experts, small networks, each token uses a few; "
     "a layer without a choice of experts is called dense."),
    ("MTP", "Multi-token prediction: a small extra part of the model that also learns the token after the next."),
    ("FP8, BF16", "Number formats of 8 and 16 bits; fewer bits compute and move faster."),
    ("Activations", "Results of forward chunks, kept until their backward has used them."),
    ("Optimiser state", "What the optimiser remembers of every parameter: an exact copy and two averages."),
    ("Workspace", "Memory that a single operation needs while it runs."),
    ("FLOP", "One floating-point operation, an addition or a multiplication."),
    ("MFU", "Model FLOP utilisation: FLOP that the model needs, divided by what the GPUs could do at their BF16 "
     "peak in the same time."),
    ("Causal, full", "Two ways to count attention: only what a causal mask leaves, or the whole square of tokens."),
    ("GPU-hour", "One GPU for one hour, whether it computes or waits."),
    ("NVLink, InfiniBand", "NVLink joins the GPUs of one node; InfiniBand joins nodes."),
)  # fmt: skip
"""Word and meaning, in the order in which a reader meets them."""

PARTS = {
    "1f": "Forward alone", "1b": "Backward alone", "1w": "Weight gradient alone",
    "1f1b": "Forward and backward, overlapped", "bubble": "Bubble (waiting)",
    "optimizer": "Gradient exchange and optimiser",
}  # fmt: skip
"""Parts of a step as they are named in columns and headline names -> plain words."""

PART_COLOURS = {
    "1f": "forward-0", "1b": "backward-0", "1w": "weight-0", "1f1b": "pair-0", "bubble": "hatch",
    "optimizer": "optimizer",
}  # fmt: skip
"""Parts of a step -> names of palette.py."""

MEMORY = {
    "weights": "Weights of attention and dense MLPs", "experts": "Weights of routed experts",
    "embedding": "Embedding and output head", "fp8_weights": "FP8 copies of the weights", "gradients": "Gradients",
    "masters": "Master weights", "moments": "Adam's moments", "average": "Moving average of the weights",
    "activations_fp8": "Activations kept in FP8", "activations": "Activations in BF16 and FP32", "logits": "Logits",
    "buffers": "Transfer buffers", "workspace": "Workspace", "reserve": "Runtime and allocator reserve",
}  # fmt: skip
"""Parts of a GPU's memory -> plain words."""

MEMORY_COLOURS = {
    "weights": "forward-0", "experts": "forward-1", "embedding": "backward-0", "fp8_weights": "backward-1",
    "gradients": "weight-0", "masters": "optimizer", "moments": "weight-1", "average": "soft",
    "activations_fp8": "pair-0", "activations": "pair-1", "logits": "input-0", "buffers": "input-1",
    "workspace": "other", "reserve": "hatch",
}  # fmt: skip
"""Parts of a GPU's memory -> names of palette.py."""

MEMORY_MEANINGS = {
    "weights": "outside of routed experts; a rank with two stages holds both",
    "experts": "of the experts that lie on this GPU",
    "embedding": "held once on a rank, whichever of its stages and MTP modules use them",
    "fp8_weights": "made once a step, along both dimensions, because FP8 products read operands along one only",
    "gradients": "summed over the step's micro-batches",
    "masters": "FP32, this rank's share under ZeRO",
    "moments": "two a parameter, this rank's share under ZeRO",
    "average": "FP32, this rank's share",
    "activations_fp8": "inputs of FP8 products and what is stored smaller for backward; each with its scales",
    "activations": "of all micro-batches in flight at this moment",
    "logits": "a score for every token of the vocabulary, for the output head and each MTP module",
    "buffers": "tokens on their way to and from experts; whole parameters of sharded blocks",
    "workspace": "what backward computes again, and the largest result of one operation",
    "reserve": "CUDA context, communication buffers, and blocks that the allocator holds without using them",
}
"""What counts under each part."""

RECOMPUTE = {
    "none": "nothing", "selective": "attention core", "mla-norms": "norms and MLA up-projections", "swiglu": "SwiGLU",
    "deepseek": "norms, MLA up-projections, SwiGLU (input in FP8)", "full": "everything",
}  # fmt: skip
RECOMPUTE |= {f"{policy} (this one)": f"{words}: this run" for policy, words in RECOMPUTE.items()}
"""Recompute policies -> what is computed again."""

STREAMS = {"compute": "compute", "comm": "network"}
"""Streams of a GPU -> plain words."""

LEADS = {
    "schedule": "A model too large for one GPU is cut into stages along a pipeline. Micro-batches flow through it, "
    "and a rank without one to work on waits.",
    "pair": "Most of the step repeats this: the forward chunk of one micro-batch and the backward chunk of another "
    "share a GPU.",
    "stages": "Each stage is a run of layers. The heaviest stage sets the pace of the pipeline.",
    "traffic": "What one GPU sends in one step, over NVLink inside its node and over the network between nodes. "
    "Much of this time is hidden behind computation.",
    "compare": "The same scenarios with the same versions give the same bytes. The scenarios below have every "
    "catalogue value put in; they also stand beside this report in scenarios/.",
    "figures": "These names stay the same from version to version, in result.json as well.",
    "reproduce": "The same {kind} with the same versions gives the same bytes. The {kind} below has every "
    "catalogue value put in; it also stands beside this report as {kind}.yaml.",
}
"""Section -> the sentence it begins with."""

CAPTIONS = {
    "schedule": "Read a row from left to right: what one pipeline rank computes from the start of the step to its "
    "end. Hatching is the bubble: the rank waits for another one; the seconds it waits stand at the end of the row. "
    "The darker shade of a colour marks micro-batches that enter the pipeline at its far end.",
    "pair": "Two streams work at once: the compute stream does attention (attn) and experts (mlp) while the network "
    "stream moves tokens to their experts (dispatch) and back (combine). Hatching is a stream that stands still. "
    "Read line by line, as text; the numbers under a line are milliseconds from the start of the pair.",
    "ends": "The same rows, stretched: micro-batches fill the pipeline, and at the end the ranks run dry one after "
    "another, sum their gradients and update the weights.",
    "budget": "Every bar is as long as the step. Ranks with a long grey part wait for the others.",
    "memory": "A bar that crosses the dashed line would not fit.",
    "memory-over-time": "The height of a row is the memory that can be used. The lower part is there all the time; "
    "above it, activations pile up while micro-batches are in flight and go when their backward has used them.",
}
"""Picture -> what to see in it."""
