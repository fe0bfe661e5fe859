# Benchmarks: the programs that only they need, and a stack that may be measured.

BENCH_PROGRAMS=(tests/bench/bench_load tests/bench/bench_sink)

bench_is_only_asked() {
    local word

    [[ $# -gt 0 ]] || return 0
    for word in "$@"; do
        [[ $word != -h && $word != --help ]] || return 0
    done
    return 1
}

# The development broker keeps messages in memory and shares a process with nothing real: a figure
# taken on it says nothing about Headrace.
bench_refuse_mock() {
    [[ $(kafka_kind) != mock ]] ||
        fail "bench needs a real Kafka, and this stack has the embedded development broker." \
            "Install Java and run ./dev down and ./dev setup, or set HEADRACE_KAFKA."
}

bench_run() {
    # shellcheck source=/dev/null
    source "$DEV_DIR/env"
    HEADRACE_DEV_DIR=$DEV_DIR exec "$ROOT/tests/bench/bench.py" "$@"
}
