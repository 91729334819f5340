#!/usr/bin/env bash
# Writes .standins.props: whether this machine builds with the stand-ins, because the registry at hand lacks a pinned package.
set -euo pipefail
cd "$(dirname "$0")/../.."

limited() { if command -v timeout >/dev/null; then timeout -k 5 60 "$@"; else "$@"; fi; }

stand_ins=false
if [[ -d infra/standins ]]; then
    echo "packages: probing for the genuine set"
    if ! log=$(limited dotnet restore infra/probe/Probe.csproj -p:StandIns=false -v quiet 2>&1); then
        stand_ins=true
        names=$(sed -nE 's/.*NU110[12]: +Unable to find package ([^ ]+).*/\1/p' <<<"$log" | sed 's/\.$//' | sort -u | paste -sd' ' -)
        echo "  missing: ${names:-$(tail -n 1 <<<"${log:-the probe took too long}")}"
    fi
fi

echo "<Project><PropertyGroup><StandIns>$stand_ins</StandIns></PropertyGroup></Project>" >.standins.props
echo "packages: $([[ $stand_ins == true ]] && echo "stand-ins for what is missing" || echo "the genuine set")"
