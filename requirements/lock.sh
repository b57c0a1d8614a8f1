#!/usr/bin/env bash
# Locks requirements/*.in and package.json: every part with its version and hashes, and no address of where it came from.
set -euo pipefail
cd "$(dirname "$0")/.."

lock() {
  .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
    --no-header --no-annotate --quiet "$@"
}

lock requirements/pip.in -o requirements/pip.txt
lock requirements/runtime.in -o requirements/runtime.txt
lock requirements/edge.in -c requirements/runtime.txt -o requirements/edge.txt
lock requirements/runtime.in requirements/dev.in -c requirements/runtime.txt -o requirements/dev.txt
PATH="$PWD/.venv/bin:$PATH" npm install --package-lock-only
