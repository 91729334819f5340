#!/usr/bin/env bash
# Checks that every built stand-in offers nothing that the genuine package does not. API names the folder of the listings
# (api/*.txt, each for the packages whose names begin with its own) and of the tool (tools/api.cs) that compares.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${API:?make api API=<folder with api/*.txt and tools/api.cs>}"

target() { dotnet msbuild "$1" -p:Configuration=Release -getProperty:TargetPath; }

code=0
for listing in "$API"/api/*.txt; do
    dlls=()
    for project in infra/standins/"$(basename "$listing" .txt)"*/*.csproj; do
        if [[ -e $project ]]; then dlls+=("$(target "$project")"); fi
    done
    if ((${#dlls[@]} == 0)); then continue; fi
    echo "$(basename "$listing" .txt): $(basename -a "${dlls[@]}" | paste -sd' ' -)"
    dotnet run "$API/tools/api.cs" -- check "$listing" "${dlls[@]}" || code=1
done
exit "$code"
