#!/usr/bin/env bash
# Quick development build with forge: the same compiler and settings as Brownie's, only the files that are given
# (and what they import), only what changed.
#
#   scripts/setup/forge_build.sh contracts/vault/Vault.sol contracts/mocks      # some files or folders
#   scripts/setup/forge_build.sh                                                # everything
#   KEEL_OUT=.keel/forge-vault scripts/setup/forge_build.sh contracts/vault     # a folder of one's own
#   KEEL_ARTIFACTS=.keel/forge-vault/out .venv/bin/python -m pytest tests/unit/vault
#
# KEEL_OUT (default .keel/forge) holds out/ and cache/; people who build at the same time choose different ones.
# Options of forge pass through, for example --sizes.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=0.8.37
solc="$PWD/.keel/solc/solc-v$version"
if [[ ! -x $solc ]]; then
    echo "forge_build: no compiler at $solc; run \`make setup\`" >&2
    exit 1
fi
folder=${KEEL_OUT:-.keel/forge}
exec node_modules/.bin/forge build --offline --use "$solc" --out "$folder/out" --cache-path "$folder/cache" "$@"
