"""A teaching debugger for hypervisors.  Read next: docs/ARCHITECTURE.md, then `edu_hv.isa`."""

__version__ = "0.1.0"
