#!/usr/bin/env bash
# A private RabbitMQ on loopback, user guest, data in FOLDER. Takes PORT, and the two after it for Erlang. Installs the Debian package if need be.
#   rabbitmq.sh start FOLDER PORT    prints its address once it answers; nothing happens if it runs already
#   rabbitmq.sh stop FOLDER          ends it; its data stays
#   rabbitmq.sh pid FOLDER           prints its process, if it runs
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

bin=/usr/lib/rabbitmq/bin

settings() { # FOLDER PORT
    cat <<END
HOME=$1
RABBITMQ_NODENAME=metering$2@localhost
RABBITMQ_MNESIA_BASE=$1/data
RABBITMQ_LOG_BASE=$1
RABBITMQ_PID_FILE=$1/pid
RABBITMQ_CONFIG_FILE=$1/rabbitmq.conf
RABBITMQ_ENABLED_PLUGINS_FILE=$1/plugins
RABBITMQ_CONF_ENV_FILE=/dev/null
RABBITMQ_DIST_PORT=$(($2 + 1))
ERL_EPMD_PORT=$(($2 + 2))
ERL_EPMD_ADDRESS=127.0.0.1
RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}
LANG=C.UTF-8
END
}

tool() { # FOLDER PORT PROGRAM ARGUMENTS...
    local variables
    mapfile -t variables < <(settings "$1" "$2")
    as rabbitmq env "${variables[@]}" "${@:3}"
}

prepare() { # FOLDER PORT
    install_package rabbitmq-server "$bin/rabbitmq-server"
    printf '%s\n' "listeners.tcp.1 = 127.0.0.1:$2" 'log.console = false' 'vm_memory_high_watermark.relative = 0.2' \
        'disk_free_limit.absolute = 200MB' >"$1/rabbitmq.conf"
    echo '[].' >"$1/plugins"
    echo "$2" >"$1/port"
}

answers() { tool "$1" "$2" "$bin/rabbitmqctl" -q await_startup --timeout 5; }

start() { # FOLDER PORT
    if [[ -z $(pid_in "$1/pid") ]]; then
        prepare "$1" "$2"
        # all of it redirected: whoever captures what this prints would else wait for the server's end
        (cd "$1" && tool "$1" "$2" setsid "$bin/rabbitmq-server") >"$1/out" 2>&1 </dev/null &
    fi
    wait_until 60 answers "$1" "$2" || { tail -n 5 "$1/out" >&2; return 1; }
    echo "amqp://guest:guest@127.0.0.1:$2"
}

# The name server that Erlang leaves behind is this node's own and ends with it.
stop() { # FOLDER
    if [[ ! -e $1/port ]]; then return; fi
    end_process "$(pid_in "$1/pid")" 30
    tool "$1" "$(<"$1/port")" epmd -kill >/dev/null 2>&1 || true
}

case ${1:-} in
    start) folder=$(own_folder rabbitmq "$2") && start "$folder" "$3" ;;
    stop) stop "$(readlink -f "$2")" ;;
    pid) pid_in "$2/pid" ;;
    *) sed -n '2,5p' "$0" | cut -c3- >&2; exit 2 ;;
esac
