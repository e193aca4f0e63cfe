#!/usr/bin/env bash
# The package as a user gets it: packed, installed into an empty folder, and tried there. Says how big it is and how fast it starts.
# Usage: scripts/try-package.sh [FOLDER]     the folder is made, and must not exist
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-$(mktemp -d)/towtank-package}
mkdir "$folder"
tarball=$(npm pack --silent --ignore-scripts --pack-destination "$folder")
cd "$folder"
printf '{ "private": true }\n' >package.json
npm install --silent --no-audit --no-fund "./$tarball"
rm "$tarball"

kilobytes=$(du -sk node_modules | cut -f1)
printf 'installed: %d KB in %d packages\n' "$kilobytes" "$(find node_modules -name package.json -path '*node_modules/*' -not -path '*/dist/*' | grep -cE 'node_modules/(@[^/]+/)?[^/]+/package.json$')"
[ "$kilobytes" -lt 15360 ] || { echo 'It is over 15 MB'; exit 1; }

npx --no-install towtank init demo
cd demo
npx --no-install towtank run scenario.yaml --report
[ "$(head -c 15 results/*/report.html | tr '[:upper:]' '[:lower:]')" = '<!doctype html>' ] || { echo 'There is no report'; exit 1; }
[ "$(stat -c %s results/*/report.html)" -lt 3145728 ] || { echo 'The report is over 3 MB'; exit 1; }

# A queue needs packages that are not installed with it, and says which.
code=0
npx --no-install towtank worker --queue redis://127.0.0.1:6379 2>queue.txt || code=$?
[ "$code" -eq 2 ] && grep -q 'npm install bullmq@6 ioredis@5' queue.txt || { cat queue.txt; echo "A queue without its packages ended with $code"; exit 1; }

# Fresh processes in turns, as a ratio: machines differ, and are busy.
node - "$folder/node_modules/towtank/dist/cli/main.js" <<'JS'
const { execFileSync } = require('node:child_process')
const time = (args) => {
  const start = process.hrtime.bigint()
  execFileSync(process.execPath, args, { stdio: 'ignore' })
  return Number(process.hrtime.bigint() - start) / 1e6
}
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]
const bare = []
const version = []
for (let round = 0; round < 21; round++) {
  bare.push(time(['-e', '0']))
  version.push(time([process.argv[2], '--version']))
}
console.log(`start-up: ${(median(version) / median(bare)).toFixed(2)} times that of node -e 0 (${median(version).toFixed(0)} ms against ${median(bare).toFixed(0)} ms)`)
JS
