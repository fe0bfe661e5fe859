# Headrace itself: schema, first tenant, gateway, coordinator, two workers.

DAEMONS=(gateway coordinator worker-1 worker-2)

headrace_cli() {
    HEADRACE_PG_DSN=$(role_dsn headrace_migrate) "$BUILD_DIR/cli/headrace" "$@"
}

# The key that opens stored credentials: one line, its name and 32 random bytes.
seal_key_up() {
    local file=$DEV_DIR/seal.key

    [[ -s $file ]] ||
        echo "k1:$(od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n')" | write_private "$file"
}

schema_up() {
    say "headrace: migrating the schema"
    headrace_cli migrate up >"$LOG_DIR/migrate.log" 2>&1 || {
        cat "$LOG_DIR/migrate.log" >&2
        fail "headrace migrate up failed"
    }
}

# A key is shown only once, so the tenant is made when its key is not on file yet.
tenant_up() {
    local key

    [[ ! -s $DEV_DIR/secrets/api_key ]] || return 0
    say "headrace: making the tenant dev and an API key"
    headrace_cli tenant create dev >"$LOG_DIR/tenant.log" 2>&1 || true # it may be there already
    key=$(headrace_cli key create --tenant dev --role ADMIN 2>>"$LOG_DIR/tenant.log" | tail -n 1)
    if [[ -z $key || $key == *[[:space:]]* ]]; then
        cat "$LOG_DIR/tenant.log" >&2
        fail "headrace key create printed no key"
    fi
    printf %s "$key" | write_private "$DEV_DIR/secrets/api_key"
}

# The linker puts a new file in the old one's place; who runs the old one has a deleted program.
daemon_is_outdated() {
    [[ $(readlink "/proc/$(process_pid "$1")/exe") == *" (deleted)" ]]
}

daemon_stop() {
    process_runs "$1" && say "$1: stopping"
    process_signal "$1" TERM
    process_stopped "$1" 35
}

# daemon_up NAME PROGRAM ROLE SETTING…: nothing of the caller's environment reaches a daemon.
# A setting is VARIABLE=VALUE, or listen:WHAT for a port that is chosen once the old one is closed.
daemon_up() {
    local name=$1 program=$2 role=$3 setting settings=()
    shift 3

    process_runs "$name" && ! daemon_is_outdated "$name" && return
    daemon_stop "$name"
    say "$name: starting"
    for setting in "$@"; do
        if [[ $setting == listen:* ]]; then
            setting=${setting#listen:}
            setting=HEADRACE_${setting^^}_LISTEN=127.0.0.1:$(port_for "$name-$setting")
        fi
        settings+=("$setting")
    done
    process_start "$name" env -i PATH="$PATH" LANG=C.UTF-8 \
        HEADRACE_INSTANCE="$name" \
        HEADRACE_KAFKA="$(kafka_address)" \
        HEADRACE_REDIS="127.0.0.1:$(port_known redis)" \
        HEADRACE_PG_DSN="$(role_dsn "$role")" \
        HEADRACE_ADMIN_LISTEN="127.0.0.1:$(port_for "$name-admin")" \
        ${HEADRACE_LOG_LEVEL:+HEADRACE_LOG_LEVEL="$HEADRACE_LOG_LEVEL"} \
        "${settings[@]}" "$BUILD_DIR/$program"
}

daemon_is_ready() {
    curl -fs -o /dev/null --max-time 2 "http://127.0.0.1:$(port_known "$1-admin")/readyz"
}

daemons_launch() {
    local key=HEADRACE_SEAL_KEY_FILE=$DEV_DIR/seal.key number

    daemon_up coordinator coordinator/headrace-coordinator headrace_engine \
        ${HEADRACE_ENGINE_JOURNAL:+HEADRACE_ENGINE_JOURNAL="$HEADRACE_ENGINE_JOURNAL"}
    for number in 1 2; do
        # Workers refuse private addresses; the demo and the tests call this machine.
        daemon_up "worker-$number" worker/headrace-worker headrace_worker \
            "$key" HEADRACE_EGRESS_ALLOW=127.0.0.0/8
    done
    daemon_up gateway trigger-gateway/headrace-gateway headrace_gateway \
        "$key" HEADRACE_EGRESS_ALLOW=127.0.0.0/8 HEADRACE_API_PG_DSN="$(role_dsn headrace_api)" \
        HEADRACE_EVENTS_TOPICS=orders=dev \
        listen:api listen:hooks
}

daemons_up() {
    local name program

    for program in "${PROGRAMS[@]}"; do
        [[ -x $BUILD_DIR/$program ]] ||
            fail "the services run, but build/$program is not part of this build: no daemons"
    done
    kafka_example_topics_up
    seal_key_up
    schema_up
    tenant_up
    daemons_launch
    for name in "${DAEMONS[@]}"; do
        process_wait "$name" 30 daemon_is_ready "$name" || process_blame "$name"
    done
    env_write
}

# Nothing new comes in, then what is in hand is finished: all at once, as each has 30 s for it.
daemons_down() {
    local name others=(coordinator worker-1 worker-2)

    daemon_stop gateway
    for name in "${others[@]}"; do
        process_runs "$name" && say "$name: stopping"
        process_signal "$name" TERM
    done
    for name in "${others[@]}"; do
        process_stopped "$name" 35
    done
}
