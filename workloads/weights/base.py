"""What every kind of place for a serving unit's weights has."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from topologies.spec import Spec


class WeightsSpec(Spec):
    """Where weights are while nobody multiplies with them; its class is chosen by `kind`.

    bits_per_weight   of matrices, scales included, where they are stored in fewer bits than products multiply in: 4.5
                      for 4-bit blocks of 32 with an FP16 scale, 4.83 for a Q4_K_M file of DeepSeek-V3 (404 GB for
                      671 B weights). Products then run in BF16. null: as the unit's precision says, nothing is unpacked
    """

    bits_per_weight: Annotated[float, Field(ge=1, le=16)] | None = None
