# A private PostgreSQL: its own data, its own passwords, loopback only.

DATABASE=headrace
ROLES=(
    headrace_migrate headrace_engine headrace_gateway headrace_api
    headrace_worker headrace_dash_ro headrace_check_ro
)

# PostgreSQL refuses to run as root; then it runs as the user that Debian made for it.
AS_POSTGRES=()
if [[ $EUID -eq 0 ]]; then
    AS_POSTGRES=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
fi

as_postgres() {
    (cd / && "${AS_POSTGRES[@]}" "$@")
}

postgres_bin() {
    local folders=(/usr/lib/postgresql/*/bin)

    [[ ${#folders[@]} -gt 0 ]] || fail "no PostgreSQL server is installed; run ./dev setup"
    printf '%s\n' "${folders[@]}" | sort -V | tail -n 1
}

# The user postgres cannot enter every tree (root's home, for one). The data then lies outside.
postgres_home() {
    local outside

    if [[ -r $DEV_DIR/postgres_home ]]; then
        cat "$DEV_DIR/postgres_home"
    elif as_postgres test -x "$DEV_DIR"; then
        echo "$DEV_DIR/pg"
    else
        outside=/var/tmp/headrace-dev-$(cksum <<<"$DEV_DIR" | cut -d ' ' -f 1)
        echo "$outside" | write_private "$DEV_DIR/postgres_home"
        echo "$outside"
    fi
}

# A folder that somebody else put there, or a link to one of theirs, is never given away.
postgres_make_home() {
    local home=$1

    [[ -d $home ]] || mkdir -m 700 "$home"
    if [[ $EUID -eq 0 && ! -L $home && $(stat -c %U "$home") == root ]]; then
        chown postgres:postgres "$home"
    fi
    [[ ! -L $home && $(stat -c %u "$home") == $(as_postgres id -u) ]] ||
        fail "$home is somebody else's; remove it, or name another HEADRACE_DEV_DIR"
}

# Made in a folder of its own and renamed: a database that was half made is never started.
postgres_make_data() {
    local home=$1

    [[ -d $home/data ]] && return
    say "postgres: making a database cluster"
    as_postgres rm -rf "$home/data.new" "$home/password"
    secret postgres | as_postgres bash -c 'umask 077; cat >"$0"' "$home/password"
    as_postgres "$(postgres_bin)/initdb" -D "$home/data.new" --username=postgres \
        --pwfile="$home/password" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 \
        >"$LOG_DIR/initdb.log" 2>&1 || {
        cat "$LOG_DIR/initdb.log" >&2
        fail "initdb failed"
    }
    as_postgres rm -f "$home/password"
    as_postgres mv "$home/data.new" "$home/data"
}

# After a kill -9 the old lock file may name a pid that is somebody else's by now, and PostgreSQL
# would believe it. Every process of a cluster works in its data folder: if none does, it is stale.
postgres_drop_stale_lock() {
    local data=$1 folder

    as_postgres test -e "$data/postmaster.pid" || return 0
    for folder in /proc/[0-9]*/cwd; do
        [[ $(readlink "$folder" 2>/dev/null) == "$data" ]] && return 0
    done
    as_postgres rm -f "$data/postmaster.pid"
}

postgres_launch() {
    local home=$1 port=$2 socket=$1

    # A socket's path has 107 bytes at most. Everything of ours goes over TCP anyway.
    [[ $((${#home} + 20)) -le 107 ]] || socket=
    (
        cd /
        process_start postgres "${AS_POSTGRES[@]}" "$(postgres_bin)/postgres" -D "$home/data" \
            -c port="$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$socket" \
            -c max_connections=200 -c fsync=on -c timezone=UTC -c log_timezone=UTC -c jit=off
    )
}

psql_as() {
    local role=$1 database=$2
    shift 2

    PGPASSWORD=$(secret "$role") psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 \
        -p "$(port_known postgres)" -U "$role" -d "$database" "$@"
}

postgres_answers() {
    psql_as postgres postgres -c 'select 1' >/dev/null 2>&1
}

postgres_up() {
    local home port try

    process_runs postgres && postgres_answers && return
    home=$(postgres_home)
    postgres_make_home "$home"
    postgres_make_data "$home"

    # Children of a killed server need a moment to notice; until then the data is in use.
    for try in 1 2 3; do
        if ! process_runs postgres; then
            postgres_drop_stale_lock "$home/data"
            port=$(port_for postgres)
            say "postgres: starting on 127.0.0.1:$port"
            postgres_launch "$home" "$port"
        fi
        process_wait postgres 60 postgres_answers && return
        sleep "$try"
    done
    process_blame postgres
}

role_dsn() {
    echo "postgresql://$1:$(secret "$1")@127.0.0.1:$(port_known postgres)/$DATABASE"
}

# The database and the passwords are ours; roles and grants come from the schema's own file.
postgres_roles_up() {
    local role

    psql_as postgres postgres -At <<SQL | psql_as postgres postgres
select 'create database $DATABASE' where not exists
    (select from pg_database where datname = '$DATABASE');
SQL
    psql_as postgres "$DATABASE" -f "$ROOT/deploy/sql/roles.sql" >"$LOG_DIR/roles.log" 2>&1 || {
        cat "$LOG_DIR/roles.log" >&2
        fail "deploy/sql/roles.sql failed"
    }
    for role in "${ROLES[@]}"; do
        echo "alter role $role login password '$(secret "$role")';"
    done | psql_as postgres postgres
    for role in "${ROLES[@]}"; do
        role_dsn "$role" | write_private "$DEV_DIR/dsn/$role"
    done
}

postgres_remove() {
    local home

    home=$(postgres_home)
    [[ ! -d $home ]] || rm -rf "$home"
}
