# Processes that outlive ./dev, and the certainty that a pid is still the one we started.
#
# run/NAME holds "pid start-time boot-id". A pid that the system has given to somebody else has
# another start time, so it is never signalled. The process writes its own record before it becomes
# the program: whenever ./dev is killed, what runs is on record.

# State and start time of a pid, from the fields behind the name in /proc/PID/stat.
process_stat() {
    local stat fields

    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }"
    echo "${fields[0]} ${fields[19]}"
}

# Prints the pid when the recorded process still runs.
process_pid() {
    local pid start boot state start_now

    [[ -r $RUN_DIR/$1 ]] || return 1
    read -r pid start boot <"$RUN_DIR/$1" || return 1
    [[ $boot == "$(</proc/sys/kernel/random/boot_id)" ]] || return 1
    read -r state start_now < <(process_stat "$pid") || return 1
    [[ $start == "$start_now" && $state != [ZX] ]] || return 1
    echo "$pid"
}

process_runs() {
    process_pid "$1" >/dev/null
}

# process_start NAME PROGRAM ARGS…: in a session of its own, output to log/NAME.log.
process_start() {
    local name=$1 tries
    shift

    rm -f "$RUN_DIR/$name"
    # shellcheck disable=SC2016
    setsid bash -c '
        stat=$(</proc/$$/stat)
        read -ra fields <<<"${stat##*) }"
        echo "$$ ${fields[19]} $(</proc/sys/kernel/random/boot_id)" >"$0.new" && mv "$0.new" "$0"
        exec "$@"' "$RUN_DIR/$name" "$@" </dev/null >>"$LOG_DIR/$name.log" 2>&1 8>&- 9>&- &
    disown
    for ((tries = 0; tries < 1000; tries++)); do
        [[ ! -e $RUN_DIR/$name ]] || return 0
        sleep 0.01
    done
    fail "$name does not start: see $LOG_DIR/$name.log"
}

# process_wait NAME SECONDS TEST…: until TEST succeeds; fails when the process dies before, or late.
process_wait() {
    local name=$1 deadline=$((SECONDS + $2))
    shift 2

    until "$@"; do
        process_runs "$name" || return 1
        [[ $SECONDS -lt $deadline ]] || return 1
        sleep 0.05
    done
}

process_blame() {
    warn "$1 does not start; the end of $LOG_DIR/$1.log:"
    tail -n 15 "$LOG_DIR/$1.log" >&2 || true
    exit 1
}

process_signal() {
    local pid

    pid=$(process_pid "$1") || return 0
    kill -s "$2" "$pid" 2>/dev/null || true
}

process_is_gone() {
    ! process_runs "$1"
}

# process_stopped NAME SECONDS: waits for the end of a process that was told to stop.
process_stopped() {
    local name=$1 deadline=$((SECONDS + $2))

    while process_runs "$name"; do
        if [[ $SECONDS -ge $deadline ]]; then
            warn "$name did not stop within $2 s and is killed"
            process_signal "$name" KILL
            deadline=$((SECONDS + 5))
        fi
        sleep 0.05
    done
    rm -f "$RUN_DIR/$name"
}
