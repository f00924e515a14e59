"""The recording: what happened at which position, checkpoints, branches, and looking for things in the past."""
