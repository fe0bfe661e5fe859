/*
 * The bus against a real Kafka: HEADRACE_KAFKA names a broker where topics may be made, the file
 * HEADRACE_RUN/kafka begins with its process id. It is stopped, continued and killed here; whoever
 * runs this program starts it again.
 */

#include <criterion/criterion.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/io/bus.h"
#include "common/io/bus_kafka.h"
#include "common/io/clock.h"

#define WAIT_MS 20000

static BusSettings settings(const char *group) {
    return (BusSettings){
        .brokers = getenv("HEADRACE_KAFKA"), .client_id = "io_bus", .group = group};
}

static BusProducer *open_producer(void) {
    BusSettings with = settings(NULL);
    BusProducer *producer;

    cr_assert_eq(bus_producer_open(&with, &producer), 0);
    return producer;
}

static BusConsumer *open_consumer(const char *group) {
    BusSettings with = settings(group);
    BusConsumer *consumer;

    cr_assert_eq(bus_consumer_open(&with, &consumer), 0);
    return consumer;
}

/* A fresh topic; its name is good until the next call. */
static const char *make_topic(int partitions) {
    static char name[64];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_NewTopic_t *topic;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *event;
    rd_kafka_t *kafka;
    char why[200];

    snprintf(name, sizeof name, "io_bus_%016llx", (unsigned long long)clock_random_u64());
    rd_kafka_conf_set(conf, "bootstrap.servers", getenv("HEADRACE_KAFKA"), why, sizeof why);
    kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    cr_assert(kafka);
    queue = rd_kafka_queue_new(kafka);
    topic = rd_kafka_NewTopic_new(name, partitions, 1, why, sizeof why);
    rd_kafka_CreateTopics(kafka, &topic, 1, NULL, queue);
    event = rd_kafka_queue_poll(queue, WAIT_MS);
    cr_assert(event && !rd_kafka_event_error(event), "the topic was not made");
    rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(kafka);
    return name;
}

typedef struct Reports {
    uint32_t count;
    int worst;
    int64_t offset_sum;
} Reports;

static void report_taken(void *owner, const BusReport *report) {
    Reports *reports = owner;

    reports->count++;
    reports->worst = MAX(reports->worst, report->r);
    reports->offset_sum += report->offset;
    if (report->context)
        *(int64_t *)report->context = report->offset;
}

/* count messages "0", "1", … into one partition, all acknowledged. */
static void fill(BusProducer *producer, const char *topic, int32_t partition, int from, int to) {
    Reports reports = {0};
    char text[16];

    bus_producer_on_report(producer, report_taken, &reports);
    for (int i = from; i < to; i++) {
        snprintf(text, sizeof text, "%d", i);
        cr_assert_eq(bus_produce(producer, &(BusOutgoing){.topic = topic,
                                                          .partition = partition,
                                                          .key = STR("k"),
                                                          .value = str_of(text)}),
                     0);
    }
    cr_assert_eq(bus_producer_flush(producer, WAIT_MS), 0);
    cr_assert_eq(reports.count, to - from);
    cr_assert_eq(reports.worst, 0);
    bus_producer_on_report(producer, NULL, NULL);
}

/* The next answer that is not "empty". */
static int next(BusConsumer *consumer, BusMessage *message) {
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS;
    int r = BUS_E_EMPTY;

    while (r == BUS_E_EMPTY && clock_monotonic_ms() < until_ms)
        r = bus_poll(consumer, 100, message);
    return r;
}

/* Reads messages from .. to-1 of a partition, in order, nothing else in between. */
static void expect_run(BusConsumer *consumer, int32_t partition, int from, int to) {
    BusMessage message;
    char text[16];

    for (int i = from; i < to; i++) {
        snprintf(text, sizeof text, "%d", i);
        cr_assert_eq(next(consumer, &message), 0, "at %d", i);
        cr_assert_eq(message.partition, partition);
        cr_assert_eq(message.offset, i);
        cr_assert(str_is(message.value, text));
        bus_message_free(&message);
    }
}

static void expect_end(BusConsumer *consumer, int32_t partition, int64_t offset) {
    BusMessage message;

    cr_assert_eq(next(consumer, &message), BUS_E_END);
    cr_expect_eq(message.partition, partition);
    cr_expect_eq(message.offset, offset);
    bus_message_free(&message);
}

Test(io_bus, what_is_produced_arrives_with_key_headers_time_and_report, .timeout = 60) {
    BusProducer *producer = open_producer();
    BusConsumer *consumer = open_consumer(NULL);
    const char *topic = make_topic(1);
    BusHeader headers[] = {
        {STR("schema"), STR("v1")},
        {STR("empty"),  STR("")  }
    };
    Reports reports = {0};
    int64_t offset = -7;
    BusMessage message;

    bus_producer_on_report(producer, report_taken, &reports);
    cr_assert_eq(bus_produce(producer, &(BusOutgoing){.topic = topic,
                                                      .key = STR("key"),
                                                      .value = str_from("a\0b", 3),
                                                      .headers = headers,
                                                      .header_count = 2,
                                                      .context = &offset}),
                 0);
    cr_assert_eq(bus_producer_flush(producer, WAIT_MS), 0);
    cr_expect_eq(offset, 0);
    cr_expect_eq(bus_producer_queued(producer), 0);

    cr_assert_eq(bus_assign(consumer, topic, 0, 0), 0);
    cr_assert_eq(next(consumer, &message), 0);
    cr_expect(str_is(message.topic, topic));
    cr_expect(str_is(message.key, "key"));
    cr_expect(str_equal(message.value, str_from("a\0b", 3)));
    cr_expect(llabs(clock_now_ms() - message.timestamp_ms) < 60000);
    cr_assert_eq(message.header_count, 2);
    cr_expect(str_is(message.headers[0].name, "schema"));
    cr_expect(str_is(message.headers[0].value, "v1"));
    cr_expect_eq(message.headers[1].value.length, 0);
    bus_message_free(&message);
    expect_end(consumer, 0, 1);
    bus_consumer_close(consumer);
    bus_producer_close(producer);
}

Test(io_bus, an_assignment_starts_at_its_offset_and_ends_at_the_end, .timeout = 60) {
    BusProducer *producer = open_producer();
    BusConsumer *consumer = open_consumer(NULL);
    const char *topic = make_topic(1);
    BusWatermarks watermarks;

    fill(producer, topic, 0, 0, 100);
    cr_assert_eq(bus_assign(consumer, topic, 0, 60), 0);
    expect_run(consumer, 0, 60, 100);
    expect_end(consumer, 0, 100);
    cr_assert_eq(bus_watermarks(producer, topic, 0, WAIT_MS, &watermarks), 0);
    cr_expect_eq(watermarks.low, 0);
    cr_expect_eq(watermarks.high, 100);
    bus_consumer_close(consumer);
    bus_producer_close(producer);
}

Test(io_bus, beginning_and_end_are_found_by_asking, .timeout = 60) {
    BusProducer *producer = open_producer();
    BusConsumer *consumer = open_consumer(NULL);
    const char *topic = make_topic(2);

    fill(producer, topic, 0, 0, 10);
    fill(producer, topic, 1, 0, 10);
    cr_assert_eq(bus_assign(consumer, topic, 0, BUS_OFFSET_BEGINNING), 0);
    expect_run(consumer, 0, 0, 10);
    expect_end(consumer, 0, 10);
    cr_assert_eq(bus_assign(consumer, topic, 1, BUS_OFFSET_END), 0);
    expect_end(consumer, 1, 10);
    fill(producer, topic, 1, 10, 12);
    expect_run(consumer, 1, 10, 12);
    bus_consumer_close(consumer);
    bus_producer_close(producer);
}

Test(io_bus, an_offset_outside_the_log_is_told_and_never_jumped, .timeout = 60) {
    BusProducer *producer = open_producer();
    BusConsumer *consumer = open_consumer(NULL);
    const char *topic = make_topic(2);
    BusMessage message;

    fill(producer, topic, 0, 0, 10);
    fill(producer, topic, 1, 0, 10);
    cr_assert_eq(bus_assign(consumer, topic, 1, 1000), 0);
    cr_assert_eq(next(consumer, &message), BUS_E_OFFSET);
    cr_expect(str_is(message.topic, topic));
    cr_expect_eq(message.partition, 1);
    bus_message_free(&message);
    for (int i = 0; i < 10; i++)
        cr_expect_eq(bus_poll(consumer, 100, &message), BUS_E_EMPTY);
    /* The consumer is as good as before: for another partition, and for the same one. */
    cr_assert_eq(bus_assign(consumer, topic, 0, 0), 0);
    expect_run(consumer, 0, 0, 10);
    expect_end(consumer, 0, 10);
    cr_assert_eq(bus_assign(consumer, topic, 1, 5), 0);
    expect_run(consumer, 1, 5, 10);
    bus_consumer_close(consumer);
    bus_producer_close(producer);
}

/* Reads one partition's messages in order while others come and go beside it. */
static void read_beside(BusConsumer *consumer, int32_t partition, int64_t *next_offset, int count) {
    BusMessage message;
    int seen = 0;

    while (seen < count) {
        int r = next(consumer, &message);

        cr_assert(r == 0 || r == BUS_E_END, "%s", bus_refusal_word(r));
        if (r == 0 && message.partition == partition) {
            cr_assert_eq(message.offset, *next_offset);
            ++*next_offset;
            seen++;
        }
        bus_message_free(&message);
    }
}

Test(io_bus, partitions_that_come_and_go_leave_the_others_undisturbed, .timeout = 120) {
    BusProducer *producer = open_producer();
    BusConsumer *consumer = open_consumer(NULL);
    const char *topic = make_topic(3);
    int64_t next_offset = 0;

    for (int partition = 0; partition < 3; partition++)
        fill(producer, topic, partition, 0, 20000);
    cr_assert_eq(bus_assign(consumer, topic, 0, 0), 0);
    read_beside(consumer, 0, &next_offset, 1000);
    for (int round = 0; round < 8; round++) {
        cr_assert_eq(bus_assign(consumer, topic, 1, 500), 0);
        read_beside(consumer, 0, &next_offset, 500);
        cr_assert_eq(bus_assign(consumer, topic, 2, 0), 0);
        read_beside(consumer, 0, &next_offset, 500);
        cr_assert_eq(bus_unassign(consumer, topic, 1), 0);
        read_beside(consumer, 0, &next_offset, 500);
        cr_assert_eq(bus_unassign(consumer, topic, 2), 0);
    }
    cr_expect_eq(bus_unassign(consumer, topic, 2), BUS_E_UNASSIGNED);
    read_beside(consumer, 0, &next_offset, 20000 - (int)next_offset);
    cr_expect_eq(next_offset, 20000);
    bus_consumer_close(consumer);
    bus_producer_close(producer);
}

Test(io_bus, assigning_again_moves_to_the_offset_and_old_messages_are_gone, .timeout = 60) {
    BusProducer *producer = open_producer();
    BusConsumer *consumer = open_consumer(NULL);
    const char *topic = make_topic(1);

    fill(producer, topic, 0, 0, 1000);
    cr_assert_eq(bus_assign(consumer, topic, 0, 0), 0);
    expect_run(consumer, 0, 0, 10);
    cr_assert_eq(bus_assign(consumer, topic, 0, 700), 0);
    expect_run(consumer, 0, 700, 1000);
    expect_end(consumer, 0, 1000);
    cr_assert_eq(bus_assign(consumer, topic, 0, 3), 0);
    expect_run(consumer, 0, 3, 20);
    bus_consumer_close(consumer);
    bus_producer_close(producer);
}

Test(io_bus, a_pause_stops_and_a_resume_goes_on_where_it_was, .timeout = 60) {
    BusProducer *producer = open_producer();
    BusConsumer *consumer = open_consumer(NULL);
    const char *topic = make_topic(1);
    BusMessage message;

    fill(producer, topic, 0, 0, 200);
    cr_assert_eq(bus_assign(consumer, topic, 0, 0), 0);
    cr_expect_eq(bus_resume(consumer, topic, 0), 0);
    expect_run(consumer, 0, 0, 50);
    cr_assert_eq(bus_pause(consumer, topic, 0), 0);
    cr_assert_eq(bus_pause(consumer, topic, 0), 0);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(bus_poll(consumer, 50, &message), BUS_E_EMPTY);
    cr_assert_eq(bus_resume(consumer, topic, 0), 0);
    cr_assert_eq(bus_resume(consumer, topic, 0), 0);
    expect_run(consumer, 0, 50, 200);
    bus_consumer_close(consumer);
    bus_producer_close(producer);
}

Test(io_bus, a_partition_that_went_away_paused_comes_back_unpaused, .timeout = 60) {
    BusProducer *producer = open_producer();
    BusConsumer *consumer = open_consumer(NULL);
    const char *topic = make_topic(1);

    fill(producer, topic, 0, 0, 100);
    cr_assert_eq(bus_assign(consumer, topic, 0, 0), 0);
    expect_run(consumer, 0, 0, 10);
    cr_assert_eq(bus_pause(consumer, topic, 0), 0);
    cr_assert_eq(bus_unassign(consumer, topic, 0), 0);
    cr_assert_eq(bus_assign(consumer, topic, 0, 10), 0);
    expect_run(consumer, 0, 10, 100);
    cr_assert_eq(bus_pause(consumer, topic, 0), 0);
    cr_assert_eq(bus_assign(consumer, topic, 0, 50), 0);
    expect_run(consumer, 0, 50, 100);
    bus_consumer_close(consumer);
    bus_producer_close(producer);
}

/* ── descriptors ────────────────────────────────────────────────────────────────────────────── */

static bool is_readable(int fd, int timeout_ms) {
    struct pollfd one = {.fd = fd, .events = POLLIN};

    return poll(&one, 1, timeout_ms) == 1;
}

Test(io_bus, the_descriptors_tell_when_there_is_work_and_only_then, .timeout = 60) {
    BusProducer *producer = open_producer();
    BusConsumer *consumer = open_consumer(NULL);
    const char *topic = make_topic(1);
    Reports reports = {0};
    BusMessage message;
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS;

    cr_assert_eq(bus_assign(consumer, topic, 0, 0), 0);
    expect_end(consumer, 0, 0);
    while (bus_poll(consumer, 0, &message) != BUS_E_EMPTY)
        bus_message_free(&message);
    cr_expect_not(is_readable(bus_consumer_fd(consumer), 300));

    bus_producer_on_report(producer, report_taken, &reports);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(bus_produce(producer, &(BusOutgoing){.topic = topic, .value = STR("x")}), 0);
    while (reports.count < 5 && clock_monotonic_ms() < until_ms)
        if (is_readable(bus_producer_fd(producer), 1000))
            bus_producer_poll(producer, 0);
    cr_expect_eq(reports.count, 5);

    for (int i = 0; i < 5;) {
        int r = bus_poll(consumer, 0, &message);

        if (r == BUS_E_EMPTY)
            cr_assert(is_readable(bus_consumer_fd(consumer), WAIT_MS));
        i += r == 0;
        bus_message_free(&message);
    }
    bus_consumer_close(consumer);
    bus_producer_close(producer);
}

/* ── groups ─────────────────────────────────────────────────────────────────────────────────── */

typedef struct Member {
    BusConsumer *consumer;
    int owned;
    int gained, lost;
} Member;

static void rebalanced(void *owner, bool is_assigned, const char *topic, int32_t partition) {
    Member *member = owner;

    (void)topic;
    (void)partition;
    member->owned += is_assigned ? 1 : -1;
    member->gained += is_assigned;
    member->lost += !is_assigned;
}

static void join(Member *member, const char *group, const char *topic) {
    *member = (Member){.consumer = open_consumer(group)};
    cr_assert_eq(bus_subscribe(member->consumer, &topic, 1, rebalanced, member), 0);
}

/* Polls all members until the condition holds; messages are stored as done and counted. */
static int turn(Member *members, int count) {
    BusMessage message;
    int seen = 0;

    for (int i = 0; i < count; i++) {
        while (bus_poll(members[i].consumer, 20, &message) != BUS_E_EMPTY) {
            char topic[80];

            if (message.value.data) {
                snprintf(topic, sizeof topic, "%.*s", STR_ARGS(message.topic));
                cr_assert_eq(bus_store_offset(members[i].consumer, topic, message.partition,
                                              message.offset + 1),
                             0);
                seen++;
            }
            bus_message_free(&message);
        }
    }
    return seen;
}

static int ask(const char *group, const char *topic, uint32_t count, int64_t *ret_offsets) {
    BusGroupQuestion question = {.topic = topic, .partition_count = count, .timeout_ms = WAIT_MS};
    BusConsumer *asker = open_consumer(group);
    int r = bus_group_offsets(asker, &question, ret_offsets);

    bus_consumer_close(asker);
    return r;
}

Test(io_bus, a_group_shares_its_partitions_and_remembers_what_was_stored, .timeout = 120) {
    BusProducer *producer = open_producer();
    const char *topic = make_topic(4);
    int64_t until_ms = clock_monotonic_ms() + 60000;
    int64_t offsets[4], sum = 0;
    Member members[2];
    char group[80];
    int seen = 0;

    snprintf(group, sizeof group, "g_%s", topic);
    for (int partition = 0; partition < 4; partition++)
        fill(producer, topic, partition, 0, 25);
    join(&members[0], group, topic);
    while (seen < 100 && clock_monotonic_ms() < until_ms)
        seen += turn(members, 1);
    cr_expect_eq(seen, 100, "a new group starts at the oldest message: %d", seen);
    cr_expect_eq(members[0].owned, 4);

    join(&members[1], group, topic);
    while (!(members[0].owned == 2 && members[1].owned == 2) && clock_monotonic_ms() < until_ms)
        turn(members, 2);
    cr_expect_eq(members[0].owned, 2);
    cr_expect_eq(members[1].owned, 2);
    cr_expect_eq(members[0].lost, 4, "eager: everything is given back first");

    bus_consumer_close(members[1].consumer);
    cr_expect_eq(members[1].lost, 0, "closing calls nobody");
    while (members[0].owned != 4 && clock_monotonic_ms() < until_ms)
        turn(members, 1);
    cr_expect_eq(members[0].owned, 4);
    bus_consumer_close(members[0].consumer);

    cr_assert_eq(ask(group, topic, 4, offsets), 0);
    for (int i = 0; i < 4; i++)
        sum += offsets[i];
    cr_expect_eq(sum, 100);
    bus_producer_close(producer);
}

Test(io_bus, a_member_reads_on_when_what_it_had_paused_is_dealt_out_anew, .timeout = 120) {
    BusProducer *producer = open_producer();
    const char *topic = make_topic(2);
    int64_t until_ms = clock_monotonic_ms() + 60000;
    Member members[2];
    char group[80];
    int seen = 0;

    snprintf(group, sizeof group, "p_%s", topic);
    join(&members[0], group, topic);
    while (members[0].owned != 2 && clock_monotonic_ms() < until_ms)
        turn(members, 1);
    cr_assert_eq(bus_pause(members[0].consumer, topic, 0), 0);
    cr_assert_eq(bus_pause(members[0].consumer, topic, 1), 0);
    join(&members[1], group, topic);
    while (members[1].owned != 1 && clock_monotonic_ms() < until_ms)
        turn(members, 2);
    bus_consumer_close(members[1].consumer);
    while (members[0].owned != 2 && clock_monotonic_ms() < until_ms)
        turn(members, 1);
    for (int partition = 0; partition < 2; partition++)
        fill(producer, topic, partition, 0, 25);
    while (seen < 50 && clock_monotonic_ms() < until_ms)
        seen += turn(members, 1);
    cr_expect_eq(seen, 50, "%d", seen);
    bus_consumer_close(members[0].consumer);
    bus_producer_close(producer);
}

Test(io_bus, offsets_of_a_group_are_committed_by_hand_and_asked_for, .timeout = 60) {
    BusProducer *producer = open_producer();
    const char *topic = make_topic(2);
    BusConsumer *consumer;
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS;
    int64_t offsets[2] = {-9, -9};
    char group[80];
    BusMessage message;

    snprintf(group, sizeof group, "g_%s", topic);
    fill(producer, topic, 1, 0, 10);
    consumer = open_consumer(group);
    cr_assert_eq(bus_assign(consumer, topic, 1, 0), 0);
    expect_run(consumer, 1, 0, 10);
    cr_assert_eq(bus_commit(consumer, topic, 1, 7), 0);
    while (offsets[1] != 7 && clock_monotonic_ms() < until_ms) {
        bus_poll(consumer, 50, &message);
        bus_message_free(&message);
        cr_assert_eq(ask(group, topic, 2, offsets), 0);
    }
    cr_expect_eq(offsets[0], -1);
    cr_expect_eq(offsets[1], 7);
    bus_consumer_close(consumer);
    bus_producer_close(producer);
}

Test(io_bus, a_stored_offset_of_a_partition_that_is_not_ours_is_refused, .timeout = 60) {
    BusConsumer *consumer = open_consumer("g_none");
    const char *topic = make_topic(2);

    cr_assert_eq(bus_assign(consumer, topic, 0, 0), 0);
    cr_expect_eq(bus_store_offset(consumer, topic, 1, 5), BUS_E_UNASSIGNED);
    bus_consumer_close(consumer);
}

/* ── refusals ───────────────────────────────────────────────────────────────────────────────── */

Test(io_bus, a_topic_that_does_not_exist_is_refused_and_not_made, .timeout = 60) {
    BusProducer *producer = open_producer();
    uint32_t count = 0;

    cr_expect_eq(bus_partition_count(producer, "io_bus_none", WAIT_MS, &count), BUS_E_REFUSED);
    cr_expect_eq(bus_partition_count(producer, make_topic(3), WAIT_MS, &count), 0);
    cr_expect_eq(count, 3);
    bus_producer_close(producer);
}

Test(io_bus, a_message_that_is_too_large_is_refused_before_it_is_sent, .timeout = 60) {
    BusProducer *producer = open_producer();
    const char *topic = make_topic(1);
    size_t length = 1050000;
    char *bytes = alloc_zero(length);
    Reports reports = {0};

    cr_expect_eq(
        bus_produce(producer, &(BusOutgoing){.topic = topic, .value = str_from(bytes, length)}),
        BUS_E_TOO_LARGE);
    bus_producer_on_report(producer, report_taken, &reports);
    cr_assert_eq(
        bus_produce(producer, &(BusOutgoing){.topic = topic, .value = str_from(bytes, 1000000)}),
        0);
    cr_assert_eq(bus_producer_flush(producer, WAIT_MS), 0);
    cr_expect_eq(reports.worst, 0, "our largest message fits the brokers' default");
    cr_expect_eq(reports.count, 1);
    alloc_free(bytes);
    bus_producer_close(producer);
}

Test(io_bus, a_full_queue_is_told_and_nothing_of_it_is_given_up, .timeout = 60) {
    BusSettings with = {.brokers = "127.0.0.1:1", .queue_bytes_max = 64 << 10};
    char bytes[4096] = {0};
    BusProducer *producer;
    int r = 0, taken = 0;

    cr_assert_eq(bus_producer_open(&with, &producer), 0);
    while (r == 0 && taken < 1000) {
        r = bus_produce(producer,
                        &(BusOutgoing){.topic = "t", .value = str_from(bytes, sizeof bytes)});
        taken += r == 0;
    }
    cr_expect_eq(r, BUS_E_FULL);
    cr_expect_eq(bus_producer_flush(producer, 1500), BUS_E_UNAVAILABLE);
    cr_expect_eq(bus_producer_queued(producer) >= (uint32_t)taken, true);
    cr_expect_not(bus_producer_is_up(producer));
    bus_producer_close(producer);
}

Test(io_bus, a_message_with_a_time_limit_is_reported_as_unavailable, .timeout = 60) {
    BusSettings with = {.brokers = "127.0.0.1:1", .message_timeout_ms = 1000};
    Reports reports = {0};
    BusProducer *producer;

    cr_assert_eq(bus_producer_open(&with, &producer), 0);
    bus_producer_on_report(producer, report_taken, &reports);
    cr_assert_eq(bus_produce(producer, &(BusOutgoing){.topic = "t", .value = STR("x")}), 0);
    bus_producer_flush(producer, WAIT_MS);
    cr_expect_eq(reports.count, 1);
    cr_expect_eq(reports.worst, BUS_E_UNAVAILABLE);
    bus_producer_close(producer);
}

Test(io_bus, a_producer_that_died_says_so_for_every_message, .timeout = 60) {
    BusSettings with = {.brokers = "127.0.0.1:1"};
    BusOutgoing outgoing = {.topic = "t", .value = STR("x")};
    Reports reports = {0};
    BusProducer *producer;

    cr_assert_eq(bus_producer_open(&with, &producer), 0);
    bus_producer_on_report(producer, report_taken, &reports);
    cr_assert_eq(bus_produce(producer, &outgoing), 0);
    rd_kafka_test_fatal_error(bus_producer_kafka(producer),
                              RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "a test");
    bus_producer_poll(producer, 100);
    cr_expect_eq(bus_produce(producer, &outgoing), BUS_E_FATAL);
    rd_kafka_purge(bus_producer_kafka(producer), RD_KAFKA_PURGE_F_QUEUE);
    bus_producer_flush(producer, 2000);
    cr_expect_eq(reports.count, 1);
    cr_expect_eq(reports.worst, BUS_E_FATAL);
    bus_producer_close(producer);
}

Test(io_bus, a_producer_with_a_living_broker_is_up, .timeout = 60) {
    BusProducer *producer = open_producer();
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS;

    while (!bus_producer_is_up(producer) && clock_monotonic_ms() < until_ms)
        bus_producer_poll(producer, 100);
    cr_expect(bus_producer_is_up(producer));
    bus_producer_close(producer);
}

Test(io_bus, an_unknown_property_is_a_fault_at_once) {
    BusSettings with = settings(NULL);
    BusProducer *producer = NULL;
    BusConsumer *consumer = NULL;

    with.properties = "no.such.thing=1";
    cr_expect_lt(bus_producer_open(&with, &producer), 0);
    cr_expect_lt(bus_consumer_open(&with, &consumer), 0);
    with.properties = "linger.ms";
    cr_expect_lt(bus_producer_open(&with, &producer), 0);
    cr_expect_null(producer);
    cr_expect_null(consumer);
    with.properties = " linger.ms=3; ;";
    cr_expect_eq(bus_producer_open(&with, &producer), 0);
    bus_producer_close(producer);
}

/* ── outages ────────────────────────────────────────────────────────────────────────────────── */

static pid_t broker(void) {
    char path[400], text[32] = "";
    FILE *file;

    snprintf(path, sizeof path, "%s/kafka", getenv("HEADRACE_RUN"));
    file = fopen(path, "r");
    cr_assert(file && fgets(text, sizeof text, file), "%s", path);
    fclose(file);
    return (pid_t)strtol(text, NULL, 10);
}

static void poll_until_up(BusProducer *producer, bool is_up, int limit_ms) {
    int64_t until_ms = clock_monotonic_ms() + limit_ms;

    while (bus_producer_is_up(producer) != is_up && clock_monotonic_ms() < until_ms)
        bus_producer_poll(producer, 100);
    cr_expect_eq(bus_producer_is_up(producer), is_up);
}

/* Numbers go out one by one around an outage; all arrive, once and in order. */
static void produce_through(int outage, int limit_ms) {
    BusProducer *producer = open_producer();
    BusConsumer *consumer = open_consumer(NULL);
    const char *topic = make_topic(1);
    int64_t next_offset = 50;
    Reports reports = {0};

    fill(producer, topic, 0, 0, 100);
    cr_assert_eq(bus_assign(consumer, topic, 0, 0), 0);
    expect_run(consumer, 0, 0, 50);
    poll_until_up(producer, true, WAIT_MS);
    kill(broker(), outage);
    bus_producer_on_report(producer, report_taken, &reports);
    for (int i = 100; i < 200; i++) {
        char text[16];

        snprintf(text, sizeof text, "%d", i);
        cr_assert_eq(bus_produce(producer, &(BusOutgoing){.topic = topic, .value = str_of(text)}),
                     0);
    }
    poll_until_up(producer, false, 15000);
    if (outage == SIGSTOP)
        kill(broker(), SIGCONT);
    cr_assert_eq(bus_producer_flush(producer, limit_ms), 0);
    cr_expect_eq(reports.count, 100);
    cr_expect_eq(reports.worst, 0);
    poll_until_up(producer, true, WAIT_MS);
    read_beside(consumer, 0, &next_offset, 150);
    expect_end(consumer, 0, 200);
    bus_consumer_close(consumer);
    bus_producer_close(producer);
}

Test(io_bus, a_broker_that_stands_still_is_noticed_and_nothing_is_lost_or_doubled, .timeout = 120) {
    produce_through(SIGSTOP, 60000);
}

Test(io_bus, a_broker_that_is_killed_is_noticed_and_nothing_is_lost_or_doubled, .timeout = 240) {
    produce_through(SIGKILL, 120000);
}
