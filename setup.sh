#!/bin/sh
# Set-up: system libraries for the PDFs, then a virtual environment from the lock. Running it again is quick.
# Usage: sh setup.sh [requirements.lock | requirements-dev.lock]
set -eu
cd "$(dirname "$0")"
lock=${1:-requirements.lock}
python=${PYTHON:-python3}
packages="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig"

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "setup: Python 3.11 or newer is needed; set PYTHON to it, for example: make setup PYTHON=python3.12" >&2
    exit 1
}

missing=""
for library in libpango-1.0.so.0 libpangoft2-1.0.so.0 libharfbuzz-subset.so.0 libfontconfig.so.1; do
    "$python" -c "import ctypes; ctypes.CDLL('$library')" 2>/dev/null || missing="$missing $library"
done
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
    missing="$missing venv"
    packages="$packages $(basename "$(readlink -f "$(command -v "$python")")")-venv"
}
if [ -n "$missing" ]; then
    install="apt-get install -y --no-install-recommends $packages"
    echo "setup: missing:$missing" >&2
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    if command -v apt-get >/dev/null && $as_root true 2>/dev/null; then
        echo "setup: $install"
        $as_root apt-get update -qq
        DEBIAN_FRONTEND=noninteractive $as_root $install -qq >/dev/null
    else
        echo "setup: please type this, then run it again:" >&2
        echo "    sudo apt-get update && sudo $install" >&2
        exit 1
    fi
fi

# The stamp holds the lock's hash: a changed lock installs again, an unchanged one does nothing.
want=$(cat "$lock" pyproject.toml | sha256sum)
stamp=.venv/installed-${lock##*/}
if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ]; then
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    echo "setup: installing from $lock into .venv (a few minutes the first time)"
    # The lock is complete and checked by hash, so nothing is left to resolve.
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r "$lock"
    # By all cores, where pip takes one; of files that are for other Pythons it says nothing, and neither does pip.
    .venv/bin/python -W ignore -m compileall -qq -j 0 -x '/tests/' .venv/lib || true
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
    echo "$want" >"$stamp"
fi
echo "setup: ready, .venv/bin/rapport --help"
