# What runs, and how it is.

status_health() {
    case "$1" in
    postgres) postgres_answers ;;
    redis) redis_answers ;;
    kafka) kafka_is_healthy ;;
    *) daemon_is_ready "$1" ;;
    esac
}

status_port() {
    case "$1" in
    postgres | redis) port_known "$1" ;;
    kafka) kafka_address ;;
    gateway)
        echo "api $(port_known gateway-api), hooks $(port_known gateway-hooks)," \
            "admin $(port_known gateway-admin)"
        ;;
    *) port_known "$1-admin" ;;
    esac 2>/dev/null || true
}

status_line() {
    local name=$1 pid health=-

    if pid=$(process_pid "$name"); then
        health=ready
        status_health "$name" || health="not ready"
    elif [[ $name == kafka ]] && user_has_kafka; then
        pid=yours
        health=ready
        status_health kafka || health="not ready"
    else
        pid=stopped
    fi
    printf '%-12s %-8s %-10s %-44s %s\n' "$name" "$pid" "$health" "$(status_port "$name")" \
        "$LOG_DIR/$name.log"
}

status_show() {
    local name

    printf '%-12s %-8s %-10s %-44s %s\n' NAME PID HEALTH PORT LOG
    for name in "${SERVICES[@]}" "${DAEMONS[@]}"; do
        status_line "$name"
    done
}
