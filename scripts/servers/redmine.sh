#!/usr/bin/env bash
# A Redmine to test against: redmine.sh start|stop|reset. Every start is the same fresh tracker on 127.0.0.1.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
allowed_or_exit redmine
mine=$STATE/redmine
port=${REDMINE_PORT:-8301}
instance=outage-runner
# What lies in the database depends on the seed: another seed, another database.
seeded=$mine/seeded-$(sha256sum "$HERE/redmine_seed.rb" | cut -c1-12).sqlite
export RAILS_ENV=production REDMINE_INSTANCE=$instance SCHEMA=/dev/null

install_packages() {
    need ruby-bundler </dev/null
    # Ruby brings a Bundler of its own, which takes Debian's gems for deleted ones; Redmine needs the packaged one.
    BUNDLER_VERSION=$(dpkg-query -W -f='${Version}' ruby-bundler | cut -d- -f1)
    export BUNDLER_VERSION
    need redmine redmine-sqlite puma curl <<'ANSWERS'
redmine redmine/instances/default/dbconfig-install boolean false
redmine redmine/default-language select en
ANSWERS
}

in_redmine() { (cd /usr/share/redmine && as_web "$@"); }

# Make the tracker once: tables, default data, and what the tests find in it. It has its own instance and database.
make_tracker() {
    [[ ! -s $seeded || ! -s $mine/keys ]] || return 0
    [[ -d /etc/redmine/$instance ]] || /usr/share/redmine/bin/redmine-instances create "$instance"
    printf 'production:\n  adapter: sqlite3\n  database: %s\n  timeout: 10000\n' "$mine/db/redmine.sqlite" \
        >"/etc/redmine/$instance/database.yml"
    openssl rand -hex 32 >"/etc/redmine/$instance/secret_key.txt"
    chgrp www-data "/etc/redmine/$instance/"*
    chmod 640 "/etc/redmine/$instance/"*
    rm -rf -- "$mine/db" "$mine"/seeded-*
    install -d -o www-data -g www-data -- "$mine/db"
    in_redmine bundle exec rake db:migrate >"$mine/make.log" 2>&1
    in_redmine bundle exec rake redmine:load_default_data REDMINE_LANG=en >>"$mine/make.log" 2>&1
    (umask 077 && in_redmine bundle exec rails runner - <"$HERE/redmine_seed.rb" >"$mine/keys.new" 2>>"$mine/make.log")
    cp -- "$mine/db/redmine.sqlite" "$seeded"
    mv -- "$mine/keys.new" "$mine/keys"
}

start() {
    ended "$mine/pid"
    install_packages
    make_tracker
    rm -rf -- "$mine/db"
    install -d -o www-data -g www-data -- "$mine/db"
    install -o www-data -g www-data -m 600 -- "$seeded" "$mine/db/redmine.sqlite"
    cd /usr/share/redmine
    daemon "$port" "$mine/pid" "$mine/log" setpriv --reuid=www-data --regid=www-data --clear-groups env HOME="$STATE" \
        puma -e production -b "tcp://127.0.0.1:$port" -t 1:4 -w 0 --dir /usr/share/redmine
    answering "$mine/pid" "http://127.0.0.1:$port/login"
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
    *) echo 'usage: redmine.sh start|stop|reset' >&2 && exit 2 ;;
esac
