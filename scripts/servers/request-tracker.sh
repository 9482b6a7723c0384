#!/usr/bin/env bash
# A Request Tracker to test against: request-tracker.sh start|stop|reset. Every start is the same fresh one on 127.0.0.1.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
allowed_or_exit request-tracker
mine=$STATE/request-tracker
port=${RT_PORT:-8302}
rt=/usr/share/request-tracker5
# What lies in the database depends on the seed and on the configuration: another one, another database.
seeded=$mine/seeded-$(cat -- "$HERE"/request-tracker{_seed.pl,.sh} | sha256sum | cut -c1-12).sqlite
export RT_SITE_CONFIG=$mine/config.pm RT_SITE_CONFIG_DIR=$mine/config.d

install_packages() {
    need request-tracker5 rt5-db-sqlite rt5-standalone starlet w3m curl <<'ANSWERS'
request-tracker5 request-tracker5/rtname string rt.example.test
request-tracker5 request-tracker5/organization string example.test
request-tracker5 request-tracker5/correspondaddress string support@example.test
request-tracker5 request-tracker5/commentaddress string comment@example.test
request-tracker5 request-tracker5/install-cronjobs boolean false
request-tracker5 request-tracker5/dbconfig-install boolean false
ANSWERS
}

# A configuration of its own, which is read in place of /etc/request-tracker5: nothing is mailed, no other host is asked.
# Tokens are hashed as cheaply as RT lets them be: each request pays for it, and by default it is most of the request.
configure() {
    install -d -- "$mine/config.d" # nothing of the package is read besides
    cat >"$mine/config.pm" <<CONFIG
Set(\$rtname, 'rt.example.test');
Set(\$Organization, 'example.test');
Set(\$DatabaseType, 'SQLite');
Set(\$DatabaseName, '$mine/db/rt.sqlite');
Set(\$DatabaseAdmin, '');
Set(\$DatabaseUser, '');
Set(\$DatabasePassword, '');
Set(\$WebPath, '');
Set(\$WebDomain, '127.0.0.1');
Set(\$WebPort, $port);
Set(\$WebBaseURL, 'http://127.0.0.1:$port');
Set(\$RestrictReferrer, 0);
Set(\$WebSessionClass, 'Apache::Session::File');
Set(\$MailCommand, 'testfile');
Set(\$LogToSyslog, undef);
Set(\$LogToSTDERR, 'warning');
Set(\$Timezone, 'UTC');
Set(\$BcryptCost, 4);
1;
CONFIG
    chmod 644 "$mine/config.pm"
}

in_rt() { (cd "$mine/run" && as_web "$@"); }

# Make the tracker once: tables, what every RT begins with, and what the tests find in it.
make_tracker() {
    [[ ! -s $seeded || ! -s $mine/keys ]] || return 0
    rm -rf -- "$mine/db" "$mine"/seeded-*
    install -d -o www-data -g www-data -- "$mine/db"
    in_rt rt-setup-database-5 --action init --dba '' --dba-password '' >"$mine/make.log" 2>&1
    (umask 077 && in_rt perl - <"$HERE/request-tracker_seed.pl" >"$mine/keys.new" 2>>"$mine/make.log")
    cp -- "$mine/db/rt.sqlite" "$seeded"
    mv -- "$mine/keys.new" "$mine/keys"
}

start() {
    ended "$mine/pid"
    install_packages
    install -d -o www-data -g www-data -- "$mine/run"
    configure
    make_tracker
    rm -rf -- "$mine/db"
    install -d -o www-data -g www-data -- "$mine/db"
    install -o www-data -g www-data -m 600 -- "$seeded" "$mine/db/rt.sqlite"
    cd "$mine/run"
    daemon "$port" "$mine/pid" "$mine/log" setpriv --reuid=www-data --regid=www-data --clear-groups env HOME="$STATE" \
        "$rt/libexec/rt-server" --server Starlet --host 127.0.0.1 --port "$port" --max-workers 3
    answering "$mine/pid" "http://127.0.0.1:$port/REST/2.0/rt"
    echo "url=http://127.0.0.1:$port"
    cat -- "$mine/keys"
}

stop() {
    ended "$mine/pid"
    rm -rf -- "$mine/db"
}

case ${1:-} in
    start) start ;;
    stop) stop ;;
    reset) stop && start ;;
    *) echo 'usage: request-tracker.sh start|stop|reset' >&2 && exit 2 ;;
esac
