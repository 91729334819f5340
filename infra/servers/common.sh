# What the private servers share; sourced. Each keeps its data in a folder that it owns and listens on loopback only.

# As root, servers that refuse to run as root run as the user of their Debian package.
as() { # USER COMMAND...
    if [[ $(id -u) == 0 ]]; then runuser -u "$1" -- "${@:2}"; else "${@:2}"; fi
}

install_package() { # PACKAGE PROGRAM
    if [[ -e $2 ]] || command -v "$2" >/dev/null; then return; fi
    if [[ $(id -u) != 0 || ! -e /etc/debian_version ]]; then
        echo "$2 is missing: install the package $1" >&2
        return 1
    fi
    echo "installing $1" >&2
    export DEBIAN_FRONTEND=noninteractive
    # a package starts its own server where it can: these scripts run private ones instead
    { apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$1"; } >&2
}

# Makes the folder, owned by the server's user, and prints where it is. Where that user cannot come to it (below a closed home,
# say), it is a link to one in the temporary folder, named for its path.
own_folder() { # USER FOLDER
    mkdir -p "$2"
    if [[ $(id -u) == 0 ]]; then
        if ! as "$1" test -x "$2"; then move_out "$2"; fi
        chown "$1" "$2/"
    fi
    readlink -f "$2"
}

move_out() { # FOLDER: empty, or a link left from the last time
    local beside
    beside=/tmp/metering-$(readlink -m "$(dirname "$1")" | cksum | cut -d' ' -f1)-$(basename "$1")
    mkdir -p "$beside"
    if [[ ! -L $1 ]]; then rmdir "$1" && ln -s "$beside" "$1"; fi
}

pid_in() { # FILE: the process of a pid file, if it runs
    local pid
    pid=$(head -n 1 "$1" 2>/dev/null) || true
    if [[ -n $pid ]] && ! gone "$pid"; then echo "$pid"; fi
}

wait_until() { # SECONDS COMMAND...
    local until=$((SECONDS + $1))
    while ! "${@:2}" >/dev/null 2>&1; do
        if ((SECONDS >= until)); then return 1; fi
        sleep 0.1
    done
}

# One that nobody has waited for yet is gone, too.
gone() { ! kill -0 "$1" 2>/dev/null || [[ $(state_of "$1") == Z* ]]; }

# Without ps where the system tells it in files: a small Debian has no ps.
state_of() { if [[ -d /proc/self ]]; then sed 's/.*) //' "/proc/$1/stat" 2>/dev/null; else ps -o stat= -p "$1"; fi || true; }

command_of() { if [[ -d /proc/self ]]; then tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline"; else ps -o args= -p "$1"; fi || true; }

end_process() { # PID SECONDS: asks, waits, then ends it
    if [[ -z $1 ]] || gone "$1"; then return; fi
    kill -TERM "$1"
    wait_until "$2" gone "$1" || kill -KILL "$1" 2>/dev/null || true
}

# A port below the ones that systems give to clients, with the COUNT from it on free.
free_ports() { # COUNT
    local base port
    for _ in {1..50}; do
        base=$((20000 + RANDOM % 10000))
        for ((port = base; port < base + $1; port++)); do
            if (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue 2; fi
        done
        echo "$base" && return
    done
    return 1
}
