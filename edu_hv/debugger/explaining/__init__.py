"""Explaining: what happens next and why, what each bit means, and which earlier step made a failure inevitable.

`instruction` executes the next step and takes it back, so that it cannot disagree with the machine; `operands` works
out addresses; `branches`, `condition_codes` and `reasons` know why; `bits` takes words apart; `history` looks for who
wrote something; `causes` follows a failure back to where it began.
"""
