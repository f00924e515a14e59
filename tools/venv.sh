#!/bin/sh
# Makes .venv hold exactly what requirements.lock says, and this checkout; does nothing when nothing changed.
# PYTHON=..., when set, is the interpreter to use; otherwise the first suitable one of the list below.
set -eu
cd "$(dirname "$0")/.."
venv=.venv
stamp=$venv/.made-from

say() { printf '%s\n' "$*" >&2; }
suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }
version() { "$1" -c 'import sys; print(sys.version)' 2>/dev/null; }

find_python() {
    without_venv=
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.14 python3.13 python3.12 python3.11; fi
    for python in "$@"; do
        suits "$python" || continue
        if has_venv "$python"; then return; fi
        without_venv=${without_venv:-$python}
    done
    if [ -n "$without_venv" ]; then
        say "$without_venv cannot make virtual environments, because its ensurepip module is missing; on Debian and Ubuntu," \
            "'apt install python3-venv' adds it."
    elif [ -n "${PYTHON:-}" ]; then
        say "PYTHON=$PYTHON is not Python 3.11 or later."
    else
        say "Python 3.11 or later is needed and was not found as python3, python3.14, python3.13, python3.12 or python3.11;" \
            "'make PYTHON=/path/to/python' names another."
    fi
    exit 1
}

# What the environment depends on.  The path is there because a moved or copied checkout would go on using the old one's code.
wanted=$(pwd; cksum requirements.lock pyproject.toml)
if [ "$wanted" = "$(cat $stamp 2>/dev/null)" ] && suits $venv/bin/python; then
    if [ -z "${PYTHON:-}" ] || [ "$(version "$PYTHON")" = "$(version $venv/bin/python)" ]; then exit 0; fi
fi

find_python
say "Making $venv with $("$python" --version) ..."
"$python" -m venv --clear $venv
say "Installing what requirements.lock lists (a minute or so, from the network) ..."
export PIP_DISABLE_PIP_VERSION_CHECK=1
if ! $venv/bin/python -m pip install --quiet --require-hashes -r requirements.lock; then
    say "The packages could not be installed, for the reason above; the same command tries again from the start."
    exit 1
fi
$venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
printf '%s\n' "$wanted" >$stamp
