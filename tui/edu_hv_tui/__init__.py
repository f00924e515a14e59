"""The full screen of edu_hv: panes that each draw one view of the debugger.  Start reading in `app`, then `keys`."""
