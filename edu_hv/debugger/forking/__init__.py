"""Fork and compare: the same guest from the same moment in another world, and two moments of a recording.

`worlds` says what other worlds there are, `course` what a guest's step is, `carrying` takes a guest from one machine to
another, `visible` is what a guest can see, `comparison` puts two courses side by side, `moments` compares two moments.
"""

from edu_hv.debugger.forking.comparison import Extent, fork
from edu_hv.debugger.forking.moments import compare_branches, compare_steps

__all__ = ["Extent", "compare_branches", "compare_steps", "fork"]
