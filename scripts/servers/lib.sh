# What the server scripts share; sourced by them, never run. The servers listen on loopback, keep what they write under
# $STATE, and use databases of their own: an installation that is there already keeps its data.
set -euo pipefail
umask 022
STATE=/var/lib/outage-runner-servers
HERE=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

# Why a server cannot be had here; nothing where it can.
refusal() {
    if [[ ${RUNNER_TEST_SERVERS:-} != 1 ]]; then
        echo 'set RUNNER_TEST_SERVERS=1 to allow it: packages are installed'
    elif [[ $(id -u) != 0 ]] || ! grep -qsx 'ID=debian' /etc/os-release; then
        echo 'only root on Debian can install the packages'
    fi
}

# Exit 3 means: not on this machine.
allowed_or_exit() {
    local why
    why=$(refusal)
    [[ -z $why ]] || { echo "$1: $why" >&2; exit 3; }
    install -d -m 755 -- "$STATE" "$STATE/$1"
}

installed() { [[ $(dpkg-query -W -f='${db:Status-Abbrev}' -- "$1" 2>/dev/null) == ii* ]]; }

# Install those of these packages that are not there; debconf answers come on standard input.
need() {
    local package lock missing=()
    for package in "$@"; do installed "$package" || missing+=("$package"); done
    ((${#missing[@]})) || return 0
    exec {lock}>"$STATE/packages.lock" # one package manager at a time
    flock "$lock"
    export DEBIAN_FRONTEND=noninteractive
    debconf-set-selections || true # answers to what is asked at most; a question may be known no more
    apt-get -qq update >&2
    apt-get -qq install -y --no-install-recommends "${missing[@]}" >&2
    exec {lock}>&-
}

as_web() { setpriv --reuid=www-data --regid=www-data --clear-groups env HOME="$STATE" "$@"; }

# daemon PORT PIDFILE LOG COMMAND...: start it in a session of its own. What else listens there would be taken for it.
daemon() {
    local port=$1 pidfile=$2 log=$3
    shift 3
    if curl -s -o /dev/null -m 5 -- "http://127.0.0.1:$port/"; then
        echo "port $port is in use: end what listens there" >&2
        return 1
    fi
    setsid -- "$@" >>"$log" 2>&1 </dev/null &
    echo $! >"$pidfile"
}

# answering PIDFILE URL: wait until the server answers, at most a minute.
answering() {
    local turn
    for turn in {1..240}; do
        curl -s -o /dev/null -m 5 -- "$2" && return 0
        kill -0 "$(<"$1")" 2>/dev/null || break
        sleep 0.25
    done
    echo "no answer from $2" >&2
    return 1
}

# ended PIDFILE: end the process that daemon started, and wait for its end.
ended() {
    local pid turn
    [[ -s $1 ]] || return 0
    pid=$(<"$1")
    rm -f -- "$1"
    kill -- "$pid" 2>/dev/null || return 0
    for turn in {1..80}; do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.25
    done
    kill -KILL -- "$pid" 2>/dev/null || true
}
