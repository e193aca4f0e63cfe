#!/usr/bin/env bash
# Runs the flagship scenario with two Node binaries and compares every byte of what they write: scripts/same-bytes.sh NODE NODE
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" dist/cli/main.js run scenarios/rollout-under-load.yaml --report --traces --quiet --out "$folder/a"
"$2" dist/cli/main.js run scenarios/rollout-under-load.yaml --report --traces --quiet --out "$folder/b"
diff -r "$folder/a" "$folder/b"
printf 'identical: %s\n' "$(cd "$folder/a" && sha256sum * | sha256sum | cut -c1-16)"
