"""Why a valid scenario is not simulated: the message says what is in the way and what would work."""


class Refused(ValueError):
    """The scenario is well formed, but what it asks cannot be or is not simulated."""
