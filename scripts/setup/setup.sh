#!/bin/sh
# Finds a Python that the pinned packages support and hands over to bootstrap.py.
# PYTHON=/path/to/python names one.
set -eu
cd "${0%/*}/../.."

for candidate in ${PYTHON:-} python3.11 python3.12 python3 python3.13; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' >/dev/null 2>&1; then
        exec "$candidate" scripts/setup/bootstrap.py
    fi
done
echo "keel setup: Python 3.11, 3.12 or 3.13 is needed, and none is on the PATH (PYTHON=/path/to/python names one)" >&2
exit 1
