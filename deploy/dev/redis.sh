# A private Redis: loopback only, written to disk every second, never evicting a key.

redis_answers() {
    [[ $(redis-cli -h 127.0.0.1 -p "$(port_known redis)" ping 2>/dev/null) == PONG ]]
}

redis_up() {
    local port try

    process_runs redis && redis_answers && return
    mkdir -p "$DEV_DIR/redis"
    for try in 1 2 3; do
        if ! process_runs redis; then
            port=$(port_for redis)
            say "redis: starting on 127.0.0.1:$port"
            process_start redis redis-server --bind 127.0.0.1 --port "$port" \
                --dir "$DEV_DIR/redis" --appendonly yes --appendfsync everysec --save '' \
                --maxmemory-policy noeviction --daemonize no
        fi
        process_wait redis 30 redis_answers && return
        sleep "$try"
    done
    process_blame redis
}
