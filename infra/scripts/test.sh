#!/usr/bin/env bash
# Runs every test project of the built solution, one after the other. The last line sums them up: `N passed, N failed`.
# Exits 1 if a test failed or none ran. What a project printed stays in TestResults/<project>.log.
set -euo pipefail
cd "$(dirname "$0")/../.."

solution=${SLN:-Metering.sln}
project_seconds_max=${PROJECT_SECONDS_MAX:-900}

# What the tests start besides .NET: a program on PATH or a pattern of its file, and the Debian package it comes from.
needed='
node nodejs
npm  npm
/usr/lib/postgresql/*/bin/postgres postgresql
/usr/lib/rabbitmq/bin/rabbitmq-server rabbitmq-server
'

present() { command -v "$1" >/dev/null || compgen -G "$1" >/dev/null; }

missing() { # the lines of `needed` whose program is not there
    while read -r program package; do
        if [[ -n $program ]] && ! present "$program"; then echo "$program $package"; fi
    done <<<"$needed"
}

column() { awk -v n="$1" '{ print $n }' | sort -u | paste -sd' ' -; }

install_missing() {
    local packages
    packages=$(missing | column 2)
    if [[ -z $packages || $(id -u) != 0 || ! -e /etc/debian_version ]]; then return; fi
    echo "installing $packages"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && xargs apt-get install -y -qq --no-install-recommends <<<"$packages"; } >TestResults/install.log 2>&1 ||
        tail -n 5 TestResults/install.log
}

projects() { grep -oE '"tests[^"]*\.Tests\.csproj"' "$solution" | tr -d '"' | tr '\\' '/'; }

limited() { if command -v timeout >/dev/null; then timeout -k 10 "$project_seconds_max" "$@"; else "$@"; fi; }

counter() { sed -nE "s/.*<Counters .*\b$1=\"([0-9]+)\".*/\1/p" "$2"; }

passed=0 failed=0 skipped=0

# Adds one project's counters. A host that crashed, hung or left no counters is at least one failure.
run_project() {
    local name=$1 start=$SECONDS code=0 trx="TestResults/$2.trx" log="TestResults/$2.log" p=0 f=0 s=0
    limited dotnet test "$name" --no-build -c Release --logger "trx;LogFileName=$2.trx" --logger "console;verbosity=minimal" \
        --results-directory TestResults >"$log" 2>&1 </dev/null || code=$?
    if [[ -n $(counter total "$trx" 2>/dev/null) ]]; then
        p=$(counter passed "$trx")
        s=$(($(counter total "$trx") - $(counter executed "$trx")))
        f=$(($(counter executed "$trx") - p - $(counter inconclusive "$trx")))
    elif ((code == 0)); then
        code=1
    fi
    if ((code != 0 && f == 0)); then f=1; fi
    if ((f > 0)); then cat "$log"; fi
    echo "$2: $((SECONDS - start)) s, $p passed, $f failed, $s skipped$( ((code < 124)) || echo " (stopped, code $code)")"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# PostgreSQL and RabbitMQ for the tests, unless POSTGRES and RABBITMQ name some: private servers, on free ports, with data of
# their own, that end with this run.
servers=$PWD/.data/test-servers
. infra/servers/common.sh

start_servers() {
    if [[ -z ${POSTGRES:-} ]]; then POSTGRES=$(infra/servers/postgres.sh start "$servers/postgres" "$(free_ports 1)"); fi
    if [[ -z ${RABBITMQ:-} ]]; then RABBITMQ=$(infra/servers/rabbitmq.sh start "$servers/rabbitmq" "$(free_ports 3)"); fi
    export POSTGRES RABBITMQ
}

end_servers() {
    for server in postgres rabbitmq; do
        infra/servers/$server.sh stop "$servers/$server" || true
        rm -rf "$(readlink -m "$servers/$server")"
    done
    rm -rf "$servers"
}

rm -rf TestResults && mkdir TestResults
install_missing
absent=$(missing | column 1)
if [[ -n $absent && ${CI:-} == true ]]; then
    echo "missing: $absent"
    echo "0 passed, 1 failed"
    exit 1
fi
[[ -z $absent ]] || echo "missing, so that the tests that need it are skipped: $absent"
trap end_servers EXIT
end_servers
start_servers || echo "PostgreSQL or RabbitMQ does not start: what needs them is skipped, and fails in CI"
while read -r project; do run_project "$project" "$(basename "$project" .csproj)"; done < <(projects)
echo "$passed passed, $failed failed$( ((skipped == 0)) || echo ", $skipped skipped")"
((failed == 0 && passed > 0))
