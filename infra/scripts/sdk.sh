#!/usr/bin/env bash
# Says in plain words what to install if the .NET SDK that global.json asks for is not here.
set -euo pipefail
cd "$(dirname "$0")/../.."

wanted=$(sed -nE 's/.*"version": *"([0-9]+\.[0-9]+).*/\1/p' global.json)
if ! command -v dotnet >/dev/null; then
    found="there is none on PATH"
elif ! dotnet --version >/dev/null 2>&1; then
    found="here: $(dotnet --list-sdks | cut -d' ' -f1 | paste -sd' ' -)"
else
    exit 0
fi
echo "this needs the .NET SDK $wanted (https://dotnet.microsoft.com/download); $found" >&2
exit 1
