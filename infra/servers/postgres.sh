#!/usr/bin/env bash
# A private PostgreSQL on loopback: role and database `metering`, no password, data in FOLDER. Installs the Debian package if need be.
#   postgres.sh start FOLDER PORT    prints its connection string once it answers; nothing happens if it runs already
#   postgres.sh stop FOLDER          ends it; its data stays
#   postgres.sh pid FOLDER           prints its process, if it runs
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

prepare() { # FOLDER
    install_package postgresql "$(bin)/postgres"
    if [[ ! -e $1/data/PG_VERSION ]]; then
        as postgres "$(bin)/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$1/initdb.log"
    fi
}

answers() { as postgres "$(bin)/psql" -h 127.0.0.1 -p "$1" -U postgres -qtA -c 'select 1' postgres; }

make_database() { # PORT: its sort order is by code point, as the read models expect
    local sql=(as postgres "$(bin)/psql" -h 127.0.0.1 -p "$1" -U postgres -qtA postgres -c)
    if [[ -n $("${sql[@]}" "select 1 from pg_database where datname = 'metering'") ]]; then return; fi
    "${sql[@]}" 'create role metering login' >&2
    "${sql[@]}" "create database metering owner metering template template0 locale 'C' encoding UTF8" >&2
}

# Tried again until it holds: after a kill the old server's children may still be ending.
runs() { # FOLDER PORT
    if [[ -z $(pid_in "$1/data/postmaster.pid") ]]; then
        as postgres "$(bin)/pg_ctl" start -W -s -D "$1/data" -l "$1/data/server.log" \
            -o "-h 127.0.0.1 -p $2 -c unix_socket_directories= -c max_connections=200"
    fi
    answers "$2"
}

start() { # FOLDER PORT
    prepare "$1"
    wait_until 60 runs "$1" "$2" || { tail -n 5 "$1/data/server.log" >&2; return 1; }
    make_database "$2"
    echo "Host=127.0.0.1;Port=$2;Database=metering;Username=metering"
}

stop() { # FOLDER
    if [[ -n $(pid_in "$1/data/postmaster.pid") ]]; then as postgres "$(bin)/pg_ctl" stop -s -m fast -D "$1/data"; fi
}

case ${1:-} in
    start) folder=$(own_folder postgres "$2") && start "$folder" "$3" ;;
    stop) stop "$(readlink -f "$2")" ;;
    pid) pid_in "$2/data/postmaster.pid" ;;
    *) sed -n '2,5p' "$0" | cut -c3- >&2; exit 2 ;;
esac
