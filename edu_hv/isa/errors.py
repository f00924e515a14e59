"""The one exception for a person's mistake.  A program interruption or a defect of ours is never a `UserError`."""


class UserError(Exception):
    """What went wrong, where, and what to do about it, in one sentence that is shown as it is."""
