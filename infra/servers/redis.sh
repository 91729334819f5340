#!/usr/bin/env bash
# A private Redis on loopback, data in FOLDER, every write fsynced before it is answered (AOF, appendfsync always). Installs the Debian
# package if need be.
#   redis.sh start FOLDER PORT    prints its address once it answers; nothing happens if it runs already
#   redis.sh stop FOLDER          ends it; its data stays
#   redis.sh pid FOLDER           prints its process, if it runs
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

answers() { redis-cli -h 127.0.0.1 -p "$1" ping | grep -q PONG; }

# Rewrites of the log are left on, as Redis has them by default; snapshots beside the log are not.
start() { # FOLDER PORT
    install_package redis-server redis-server
    if [[ -z $(pid_in "$1/pid") ]]; then
        as redis setsid redis-server --port "$2" --bind 127.0.0.1 --dir "$1" --pidfile "$1/pid" --daemonize yes --logfile "$1/log" \
            --appendonly yes --appendfsync always --save '' >/dev/null
    fi
    wait_until 30 answers "$2" || { tail -n 5 "$1/log" >&2; return 1; }
    echo "127.0.0.1:$2"
}

case ${1:-} in
    start) id -u redis >/dev/null 2>&1 || install_package redis-server redis-server
        folder=$(own_folder redis "$2") && start "$folder" "$3" ;;
    stop) end_process "$(pid_in "$2/pid")" 30 ;;
    pid) pid_in "$2/pid" ;;
    *) sed -n '2,6p' "$0" | cut -c3- >&2; exit 2 ;;
esac
