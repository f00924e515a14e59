"""Recordings in files: what a file says, how it is written, and how a session is made of it again.

Read next: `format` (lines and their checksums), `kept` (what is kept), `saving`, `opening`, `rebuilding`.
"""
