"""Who wrote this: of anything that can be written, each write in the recording, whose doing it was and of what.

`who` and `writers` find, `follow` and `chain` go backwards along the operands.  How a person names what is asked is in
`commands.locations`.
"""

from edu_hv.debugger.writers.locations import Location
from edu_hv.debugger.writers.trail import Trail, chain, follow, unfollow, who, writers

__all__ = ["Location", "Trail", "chain", "follow", "unfollow", "who", "writers"]
