"""Guided lessons: finds them, gives hints, checks goals on machine state and trace, keeps progress.

A lesson is a folder (see `library`); its `check.py` is written in the words of `checks`.  `workbench` joins a
debugger session and the lesson being worked on; both faces hold one `Workbench` and nothing else.
"""
