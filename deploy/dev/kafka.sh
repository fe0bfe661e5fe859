# Kafka: the one that HEADRACE_KAFKA names, else a private node, else the development broker.

# .dev/env exports HEADRACE_KAFKA too, and HEADRACE_DEV_KAFKA beside it: with both equal it is our
# own address that came back through somebody's shell, not a wish.
user_has_kafka() {
    [[ -n ${HEADRACE_KAFKA-} && ${HEADRACE_KAFKA-} != "${HEADRACE_DEV_KAFKA-}" ]]
}

# What this stack uses: user, node or mock. What already runs stays, until it is stopped.
kafka_kind() {
    if user_has_kafka; then
        echo user
    elif process_runs kafka; then
        cat "$DEV_DIR/kafka/kind"
    elif command -v java >/dev/null && [[ -e $KAFKA_LIB/pom.xml ]]; then
        echo node
    else
        echo mock
    fi
}

kafka_address() {
    case "$(kafka_kind)" in
    user) echo "$HEADRACE_KAFKA" ;;
    node) echo "127.0.0.1:$(port_known kafka)" ;;
    mock) cat "$DEV_DIR/kafka/address" ;;
    esac
}

kafka_write_settings() {
    sed -e "s|@BROKER_PORT@|$(port_for kafka)|" \
        -e "s|@CONTROLLER_PORT@|$(port_for kafka-controller)|" \
        -e "s|@DATA@|$DEV_DIR/kafka/data|" \
        "$ROOT/deploy/kafka/server.properties" >"$DEV_DIR/kafka/server.properties"
}

KAFKA_JAVA=(-cp "$KAFKA_LIB/*" "-Dlog4j.configuration=file:$ROOT/deploy/kafka/log4j.properties")

# Formatted only once it says so in a file of ours: a format that was cut short is done again.
kafka_format() {
    local id

    [[ -e $DEV_DIR/kafka/formatted ]] && return
    say "kafka: formatting its storage"
    rm -rf "$DEV_DIR/kafka/data"
    id=A$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n' | cut -c 1-21)
    java -Xshare:auto -XX:TieredStopAtLevel=1 "${KAFKA_JAVA[@]}" kafka.tools.StorageTool format \
        -t "$id" -c "$DEV_DIR/kafka/server.properties" >"$LOG_DIR/kafka-format.log" 2>&1 || {
        cat "$LOG_DIR/kafka-format.log" >&2
        fail "Kafka could not format $DEV_DIR/kafka/data"
    }
    touch "$DEV_DIR/kafka/formatted"
}

kafka_node_answers() {
    port_is_open "$(port_known kafka)"
}

kafka_node_up() {
    local try

    process_runs kafka && kafka_node_answers && return
    for try in 1 2 3; do
        if ! process_runs kafka; then
            kafka_write_settings
            kafka_format
            say "kafka: starting on 127.0.0.1:$(port_known kafka)"
            process_start kafka java -Xms128m -Xmx384m -XX:+UseSerialGC "${KAFKA_JAVA[@]}" \
                kafka.Kafka "$DEV_DIR/kafka/server.properties"
        fi
        process_wait kafka 60 kafka_node_answers && return
        sleep "$try"
    done
    process_blame kafka
}

kafka_mock_answers() {
    [[ -s $DEV_DIR/kafka/address ]]
}

kafka_mock_up() {
    process_runs kafka && kafka_mock_answers && return
    warn "kafka: DEVELOPMENT BROKER (no Java, or no jars). It keeps 5 MB per partition and nothing"
    warn "kafka: over a restart; ./dev test will fail the tests that need a real Kafka"
    rm -f "$DEV_DIR/kafka/address"
    process_start kafka "$BUILD_DIR/deploy/dev-broker/headrace-dev-broker" \
        "$ROOT/deploy/topics.yaml" "$DEV_DIR/kafka/address"
    process_wait kafka 10 kafka_mock_answers || process_blame kafka
}

kafka_up() {
    local kind
    kind=$(kafka_kind)

    if [[ $kind == user ]]; then
        say "kafka: using HEADRACE_KAFKA=$HEADRACE_KAFKA"
    else
        mkdir -p "$DEV_DIR/kafka"
        echo "$kind" >"$DEV_DIR/kafka/kind"
        "kafka_${kind}_up"
    fi
}

kafka_topics_apply() {
    "$BUILD_DIR/deploy/topics/headrace-topics" --brokers "$(kafka_address)" --shrink \
        --file "$ROOT/$1" --wait-ms 60000 >"$LOG_DIR/topics.log" ||
        fail "the topics of $1 could not be applied"
    grep -v 'as it should be' "$LOG_DIR/topics.log" || true
}

# The mock cluster cannot be asked for topics; it made them when it started, and makes others when
# they are used.
kafka_topics_up() {
    [[ $(kafka_kind) == mock ]] || kafka_topics_apply deploy/topics.yaml
}

# What examples produce to; of no use without the daemons.
kafka_example_topics_up() {
    [[ $(kafka_kind) == mock ]] || kafka_topics_apply deploy/dev/topics.yaml
}

kafka_is_healthy() {
    kcat -b "$(kafka_address)" -L -m 5 >/dev/null 2>&1
}
