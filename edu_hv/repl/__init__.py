"""The `edu-hv` command and the debugger on a command line.  Read next: `app`, then `loop`."""
