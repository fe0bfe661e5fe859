# The three services together, and the file that tells their addresses.

SERVICES=(postgres redis kafka)

services_up() {
    postgres_up
    redis_up
    kafka_up
    kafka_topics_up
    postgres_roles_up
    env_write
}

# All are told at once: the slowest decides how long it takes.
services_down() {
    process_signal postgres INT # "fast": ends sessions, loses nothing
    process_signal redis TERM
    process_signal kafka TERM
    for service in "${SERVICES[@]}"; do
        process_runs "$service" && say "$service: stopping"
        process_stopped "$service" 30
    done
}

env_line() {
    printf "export %s='%s'\n" "$1" "$2"
}

env_services() {
    env_line HEADRACE_PG_DSN "$(role_dsn headrace_migrate)"
    env_line HEADRACE_KAFKA "$(kafka_address)"
    [[ $(kafka_kind) == user ]] || env_line HEADRACE_DEV_KAFKA "$(kafka_address)"
    env_line HEADRACE_REDIS "127.0.0.1:$(port_known redis)"
}

env_daemons() {
    local name urls=

    [[ -n $(port_known gateway-api) ]] || return 0
    for name in "${DAEMONS[@]}"; do
        urls+="${urls:+,}http://127.0.0.1:$(port_known "$name-admin")"
    done
    env_line HEADRACE_API_URL "http://127.0.0.1:$(port_known gateway-api)"
    env_line HEADRACE_HOOKS_URL "http://127.0.0.1:$(port_known gateway-hooks)"
    env_line HEADRACE_ADMIN_URLS "$urls"
    [[ ! -s $DEV_DIR/secrets/api_key ]] || env_line HEADRACE_API_KEY "$(secret api_key)"
}

# For the shell: source .dev/env
env_write() {
    {
        env_services
        env_daemons
    } | write_private "$DEV_DIR/env"
}
