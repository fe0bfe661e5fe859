# Chaos: faults at random on a stack under load.

chaos_run() {
    # shellcheck source=/dev/null
    source "$DEV_DIR/env"
    HEADRACE_DEV_DIR=$DEV_DIR "$ROOT/tests/chaos/chaos.py" "$@"
}

# The development broker forgets everything when it is killed.
chaos_refuse_mock() {
    [[ $(kafka_kind) == node ]] ||
        fail "chaos kills Kafka, so it needs a private one that is real: install Java, run" \
            "./dev down and ./dev setup, and do not set HEADRACE_KAFKA."
}
