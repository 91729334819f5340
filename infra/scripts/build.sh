#!/usr/bin/env bash
# Builds the solution in Release. One compiler serves all its projects, which is several times faster than one for each, and
# is this build's own: it ends with it.
set -euo pipefail
cd "$(dirname "$0")/../.."

solution=${SLN:-Metering.sln}
compiler=metering-$$

end_compiler() {
    local roslyn
    roslyn=$(dotnet msbuild infra/probe/Probe.csproj -getProperty:RoslynTargetsPath)
    dotnet "$roslyn/bincore/VBCSCompiler.dll" "-pipename:$compiler" -shutdown >/dev/null 2>&1 || true
}
trap end_compiler EXIT

dotnet msbuild "$solution" -restore -nologo -v:minimal -p:Configuration=Release \
    -p:UseSharedCompilation=true -p:SharedCompilationId="$compiler"
echo "built $solution in $SECONDS s"
