#!/usr/bin/env bash
# The full stack on this machine, every part a process of its own on loopback. Data and logs are in FOLDER.
#   stack.sh up        starts what does not run yet and returns once all of it is ready
#   stack.sh down      ends it; the data stays
#   stack.sh status    what runs, where, and how far each projection is; exit code 1 unless all of it is ready
#   stack.sh settings  how to reach it, as shell variables
# FOLDER (default .data/stack), BASE (first port, 5100), INSTANCES of Reservations (1 to 5, 2).
# EVENTSTORE (esdb://…) in place of SQLite, POSTGRES, RABBITMQ, STRIPE_BASE with STRIPE_KEY in place of what this starts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. infra/servers/common.sh

mkdir -p "${FOLDER:=.data/stack}"
folder=$(cd "$FOLDER" && pwd)
base=${BASE:-5100}
instances=${INSTANCES:-2}
patience=90

reservations() { for ((i = 0; i < instances; i++)); do echo "reservations-$((i + 1)) $((base + 10 + 2 * i))"; done; }

# Each service: its name, its gRPC port (the one after it says how it is), its program.
services() {
    reservations | sed 's/$/ Reservations/'
    echo "balances $((base + 20)) Balances"
    echo "billing-sync $((base + 30)) BillingSync"
}

at() { echo "http://127.0.0.1:$1"; }

addresses() { reservations | while read -r _ port; do at "$port"; done | paste -sd, -; }

stripe_base() { echo "${STRIPE_BASE:-$(at $((base + 40)))}"; }

running() { # NAME: its process, if it runs; the number in an old file may be another program's by now
    local pid
    pid=$(pid_in "$folder/$1.pid")
    if [[ -n $pid && $(command_of "$pid") == dotnet* ]]; then echo "$pid"; fi
}

run() { # NAME PROGRAM ARGUMENTS...: in the background, on its own, its output in NAME.log
    if [[ -n $(running "$1") ]]; then return; fi
    [[ -e $2 ]] || { echo "$2 is not there: run \`make build\`" >&2; return 1; }
    setsid dotnet "${@:2}" >>"$folder/$1.log" 2>&1 </dev/null &
    echo $! >"$folder/$1.pid"
}

built() { echo "$1/bin/Release/net10.0/$2.dll"; }

start_simulator() {
    if [[ -n ${STRIPE_BASE:-} ]]; then return; fi
    run stripe-simulator "$(built infra/StripeSimulator StripeSimulator)" --port $((base + 40)) --any-customer --meter llm_tokens
}

start_service() { # NAME PORT PROGRAM
    Urls=$(at "$2") HealthUrls=$(at $(($2 + 1))) run "$1" "$(built "services/$3" "Metering.$3")"
}

start_servers() {
    if [[ -z ${POSTGRES:-} ]]; then POSTGRES=$(infra/servers/postgres.sh start "$folder/postgres" $((base + 50))); fi
    if [[ -z ${RABBITMQ:-} ]]; then RABBITMQ=$(infra/servers/rabbitmq.sh start "$folder/rabbitmq" $((base + 60))); fi
}

export_settings() {
    export EventStore=${EVENTSTORE:-sqlite:$folder/streams.db} ReadModels=$POSTGRES Bus=$RABBITMQ
    unset EVENTSTORE # the same setting to the services, for whom case does not count: either could win
    export Balances__Accounts Billing__Accounts
    Balances__Accounts=$(addresses)
    Billing__Accounts=$Balances__Accounts
    export Stripe__ApiBase Stripe__ApiKey=${STRIPE_KEY:-sk_test_simulator}
    Stripe__ApiBase=$(stripe_base)
    if [[ -z ${STRIPE_BASE:-} ]]; then export Stripe__RequestsPerSecond=${RATE:-1000}; fi
}

ended() { [[ -z $(pid_in "$folder/$1.pid") ]]; } # NAME, which was started or found running

readiness() { # PORT: the answer's status line and body
    exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'GET /health/ready HTTP/1.0\r\n\r\n' >&3 && timeout 5 cat <&3
}

# The whole answer is taken: with a reader that left after its first line, a service that sends the rest a moment later would break the
# pipe, and count as not ready.
is_ready() { [[ $(readiness "$1" 2>/dev/null) == HTTP/1.?' 200 '* ]]; }

missing() { # PORT: what the service says that it lacks
    readiness "$1" 2>/dev/null | grep -E '^[a-z-]+: (Unh|Deg)' | sed 's/^/      /' || true
}

# Not `running`: what was started a moment ago is not dotnet yet.
settled() { is_ready "$2" || ended "$1"; } # NAME PORT

# Ready once is ready: asked again, a service under load may say otherwise.
await() { # NAME PORT
    if wait_until "$patience" settled "$1" "$2" && ! ended "$1"; then return; fi
    complain "$1" "$2" >&2
    return 1
}

complain() { # NAME PORT
    echo "$1 $(ended "$1" && echo "has ended" || echo "is not ready after $patience s"); the end of $folder/$1.log:"
    tail -n 3 "$folder/$1.log"
    missing "$2"
    echo "what else was started still runs: make status, make down"
}

# Before anything is started: a port that another program holds would show only when its service does not come up.
check_ports() {
    while read -r name port; do
        if [[ -z $(running "$name") ]] && (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "port $port, of $name, is taken by another program: BASE names another first port" >&2
            return 1
        fi
    done < <(services | while read -r name port _; do echo "$name $port"; echo "$name $((port + 1))"; done)
    for server in postgres rabbitmq; do
        [[ $server == postgres ]] && port=$((base + 50)) || port=$((base + 60))
        if [[ -z $(infra/servers/$server.sh pid "$folder/$server") ]] && (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "port $port, of $server, is taken by another program: BASE names another first port" >&2
            return 1
        fi
    done
}

up() {
    check_ports
    start_servers
    export_settings
    start_simulator
    while read -r name port program; do start_service "$name" "$port" "$program"; done < <(services)
    while read -r name port _; do await "$name" $((port + 1)); done < <(services)
    status || true # all of it was ready
}

down() {
    while read -r name _; do end_process "$(running "$name")" 30 & done < <(services)
    wait
    end_process "$(running stripe-simulator)" 5
    infra/servers/rabbitmq.sh stop "$folder/rabbitmq"
    infra/servers/postgres.sh stop "$folder/postgres"
}

line() { printf '  %-16s %-9s %-9s %s\n' "$@"; }

server_line() { # NAME PID WHERE
    line "$1" "$([[ -n $2 ]] && echo up || echo down)" "${2:--}" "$3"
    [[ -n $2 ]]
}

service_line() { # NAME PORT
    local pid health=down
    pid=$(running "$1")
    if [[ -n $pid ]]; then health=$(is_ready $(($2 + 1)) && echo ready || echo "not ready"); fi
    line "$1" "$health" "${pid:--}" "gRPC $(at "$2")  health $(at $(($2 + 1)))/health/ready"
    if [[ $health == "not ready" ]]; then missing $(($2 + 1)); fi
    [[ $health == ready ]]
}

status() {
    local code=0
    echo "the full stack, data and logs in $folder"
    [[ -n ${POSTGRES:-} ]] && ! owns postgres || server_line postgres "$(infra/servers/postgres.sh pid "$folder/postgres")" "127.0.0.1:$((base + 50))" || code=1
    [[ -n ${RABBITMQ:-} ]] && ! owns rabbitmq || server_line rabbitmq "$(infra/servers/rabbitmq.sh pid "$folder/rabbitmq")" "127.0.0.1:$((base + 60))" || code=1
    [[ -n ${STRIPE_BASE:-} ]] || server_line stripe-simulator "$(running stripe-simulator)" "$(stripe_base)" || code=1
    while read -r name port _; do service_line "$name" "$port" || code=1; done < <(services)
    if is_ready $((base + 21)); then projections || code=1; fi
    return "$code"
}

owns() { [[ -d $folder/$1 ]]; }

# Of BillingSync's read model once it is ready; until then its line above says what is wrong.
projections() {
    local billing=$((base + 20))
    if is_ready $((base + 31)); then billing=$((base + 30)); fi
    dotnet "$(built services/Cli metering)" projections --balances "$(at $((base + 20)))" --billing "$(at $billing)"
}

settings() {
    echo "METERING_RESERVATIONS=$(addresses)"
    echo "METERING_BALANCES=$(at $((base + 20)))"
    echo "METERING_BILLING=$(at $((base + 30)))"
    echo "STRIPE_BASE=$(stripe_base)"
    echo "STRIPE_KEY=${STRIPE_KEY:-sk_test_simulator}"
}

# Sourced, it is its functions only: the tests ask them one by one.
if [[ ${BASH_SOURCE[0]} != "$0" ]]; then return; fi
case ${1:-} in
    up | down | status | settings) "$1" ;;
    *) sed -n '2,8p' "$0" | cut -c3- >&2; exit 2 ;;
esac
