#!/bin/sh
# From nothing to `invoke`: needs a POSIX shell and Python >= 3.10, makes .venv with the pinned packages, hands over.
#
#   sh make.sh                              what there is to do
#   sh make.sh build-appliance app.py       one Python file in, a binary and a disk image out
#   sh make.sh test                         all checks and tests
#
# With FAPWS_SOURCES=FOLDER (made by `invoke sources --to FOLDER`) nothing is fetched from anywhere.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
pins=$here/recipes/requirements.txt

complain() {
    printf 'make.sh: %s\n' "$1" >&2
    exit 1
}

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    complain 'Python 3.10 or newer is not there: install it (on Debian: apt-get install python3 python3-venv)'
}

# The Debian packages that are missing: ensurepip is in one of its own, the other two are what every build starts.
missing_packages() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null ||
        printf ' python%s-venv' "$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
    for program in make patch; do
        command -v "$program" >/dev/null || printf ' %s' "$program"
    done
}

need_packages() {
    packages=$(missing_packages "$1")
    [ -n "$packages" ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        printf 'make.sh: installing%s\n' "$packages" >&2
        # shellcheck disable=SC2086 # one word for each package
        { apt-get update -qq && apt-get install -qq -y --no-install-recommends $packages; } >&2
    else
        complain "something is missing; type: sudo apt-get install$packages"
    fi
}

make_environment() {
    python=$(find_python)
    need_packages "$python"
    printf 'make.sh: installing the pinned packages into .venv\n' >&2
    rm -rf "$here/.venv"
    "$python" -m venv "$here/.venv"
    set -- install --quiet --quiet --disable-pip-version-check --require-hashes -r "$pins"
    if [ -n "${FAPWS_SOURCES:-}" ]; then
        set -- "$@" --no-index --find-links "$FAPWS_SOURCES/wheels"
    fi
    "$here/.venv/bin/python" -m pip "$@" >&2 || {
        rm -rf "$here/.venv"
        complain 'the packages could not be installed: is there a network? Offline, set FAPWS_SOURCES to a folder made by: invoke sources --to FOLDER'
    }
    cp "$pins" "$here/.venv/installed.txt"
}

cmp -s "$pins" "$here/.venv/installed.txt" || make_environment
[ $# -gt 0 ] || set -- --list
exec "$here/.venv/bin/python" -m invoke --search-root "$here" "$@"
