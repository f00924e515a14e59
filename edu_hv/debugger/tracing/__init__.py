"""The recording as a whole: searched, listed, drawn as a line, written to files.

`filters` says which events are meant, `search` finds them, `timeline` draws, the `export` modules write.
"""
