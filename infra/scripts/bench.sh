#!/usr/bin/env bash
# Starts a private PostgreSQL and Redis with fresh data, measures everything once, ends them. Arguments go to the bench: --quick, --only, ...
# EVENTSTORE (esdb://…) names a node to measure on, too. The JSON is written to .data/bench.
set -euo pipefail
cd "$(dirname "$0")/../.."
. infra/servers/common.sh

folder=$PWD/.data/bench
servers=$folder/servers
mkdir -p "$servers"

clear_servers() {
    for server in postgres redis; do
        infra/servers/$server.sh stop "$servers/$server" || true
        rm -rf "$(readlink -m "$servers/$server")"
    done
    rm -rf "$servers" "$folder/work"
}
# A build just before is no quiet machine: figures are marked where the load average is above 1. The short form marks and does not wait.
await_quiet() {
    is_quiet || echo "waiting for the machine to be quiet, three minutes at most: load average $(cut -d ' ' -f 1 /proc/loadavg)"
    wait_until 180 is_quiet || echo "it is not: something else runs"
}
is_quiet() { awk '{ exit !($1 < 1) }' /proc/loadavg; }

trap clear_servers EXIT
if [[ " $* " != *" --quick "* ]]; then await_quiet; fi
clear_servers
postgres_port=$(free_ports 1)
infra/servers/postgres.sh start "$servers/postgres" "$postgres_port" >/dev/null
redis_port=$(free_ports 1)
infra/servers/redis.sh start "$servers/redis" "$redis_port" >/dev/null
pgbench=$(ls /usr/lib/postgresql/*/bin/pgbench 2>/dev/null | sort -V | tail -n 1)
[[ -n $pgbench ]] || { echo "pgbench is missing: install the package postgresql-contrib" >&2; exit 1; }
dotnet infra/Bench/bin/Release/net10.0/Bench.dll --folder "$folder" --pgbench "$pgbench" \
    --postgres-port "$postgres_port" --postgres-pid "$(infra/servers/postgres.sh pid "$servers/postgres")" \
    --redis-port "$redis_port" --redis-pid "$(infra/servers/redis.sh pid "$servers/redis")" \
    ${EVENTSTORE:+--eventstore "$EVENTSTORE"} "$@"
