"""Stops: breakpoints, watchpoints, and the log of what was watched.

Where a stop stops is a property of the recording: a set of positions, each told by the unit that led to it and the
state it left.  `run` goes to the next of them, `runback` to the last one before, by the same probe; which way one goes,
and whether the engine takes part, makes no difference.

* `what`: what a stop is set on, as a value, and `seeing`: who recognizes it while units are executed;
* `events`: what happens: traps, decisions of CP, I/O, lines on a console; going back they are found in the journal;
* `values` and `storage`: registers, PSW fields, keys and storage, read, written or changed;
* `stop`: a stop with its condition, count and commands; `table` has all of a session's;
* `probe` is all of them at once; `running` is run and runback; `watchlog` tells what a run would have passed.
"""
