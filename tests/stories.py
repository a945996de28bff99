"""How many random stories Hypothesis tells, and how long each of them is."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

_MANY = 100


def short_stories(*, number: int, steps: int) -> settings:
    """A few, the same ones each time."""
    return settings(
        max_examples=number,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


def long_stories(*, steps: int) -> settings:
    """SFSYNC_LONG_STORIES of them; many are new ones each time. One that fails is made shorter."""
    number = int(os.environ.get("SFSYNC_LONG_STORIES", "400"))
    return settings(
        short_stories(number=number, steps=steps),
        derandomize=number < _MANY,
        print_blob=True,
        phases=(Phase.generate, Phase.shrink),
    )
