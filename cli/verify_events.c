/* Every event that was taken is an execution or a dead letter. */

#include "cli/verify_events.h"

#include <stdio.h>

#include "common/base/alloc.h"
#include "common/base/map.h"
#include "common/io/bus.h"
#include "common/wire/wire.h"

#define TOPIC_EVENTS "headrace.events.v1"
#define TOPIC_DEAD_LETTERS "headrace.dead-letters.v1"
#define WAIT_MS 10000
#define ASKED_AT_ONCE 1000
#define SHOWN_MAX 20

static const char sql_offsets[] = "SELECT part, next_event FROM headrace.engine_partition";

/* The ids that no execution stands for. */
static const char sql_missing[] =
    "SELECT u.id::text FROM unnest($1::uuid[]) u(id) LEFT JOIN headrace.execution e ON e.id = u.id"
    " LEFT JOIN headrace.execution_key k"
    " ON k.key = ('00000000-0000' || substr(u.id::text, 14))::uuid AND k.execution_id <> u.id"
    " WHERE e.id IS NULL AND k.key IS NULL";

typedef struct Events {
    Pg *pg;
    const char *brokers;
    BusProducer *producer; /* only asks */
    Map letters;           /* "partition/offset" of events that are dead letters */
    Map places;            /* execution id as text → its place, of the ids asked for */
    PgArray *ids;
    uint32_t lost;
} Events;

typedef int (*RecordFn)(Events *events, const BusMessage *message);

/* Every record of one partition up to its end, or up to an offset. */
static int read_partition(Events *events, const char *topic, int32_t partition, int64_t end,
                          RecordFn fn) {
    BusSettings settings = {.brokers = events->brokers, .client_id = "headrace verify"};
    BusConsumer *consumer = NULL;
    BusWatermarks marks = {0};
    BusMessage message;
    int r = bus_consumer_open(&settings, &consumer);

    if (r == 0)
        r = bus_watermarks(events->producer, topic, partition, WAIT_MS, &marks);
    if (r == 0 && marks.low < marks.high)
        r = bus_assign(consumer, topic, partition, marks.low);
    if (end < 0 || end > marks.high)
        end = marks.high;
    for (int64_t next = marks.low; r == 0 && next < end;) {
        r = bus_poll(consumer, WAIT_MS, &message);
        if (r == BUS_E_END)
            r = 0;
        else if (r == 0) {
            next = message.offset + 1;
            if (message.offset < end)
                r = fn(events, &message);
        }
        bus_message_free(&message);
    }
    bus_consumer_close(consumer);
    return r;
}

static int note_letter(Events *events, const BusMessage *message) {
    Str topic = STR_NONE, partition = STR_NONE, offset = STR_NONE;
    char place[64];

    for (uint32_t i = 0; i < message->header_count; i++) {
        const BusHeader *header = &message->headers[i];

        if (str_is(header->name, "headrace-topic"))
            topic = header->value;
        else if (str_is(header->name, "headrace-partition"))
            partition = header->value;
        else if (str_is(header->name, "headrace-offset"))
            offset = header->value;
    }
    if (!str_is(topic, TOPIC_EVENTS))
        return 0;
    snprintf(place, sizeof place, "%.*s/%.*s", STR_ARGS(partition), STR_ARGS(offset));
    map_set(&events->letters, str_of(place), events);
    return 0;
}

/* Asks for the ids gathered so far; those without an execution and without a letter are lost. */
static int ask(Events *events) {
    PgParam param = pg_array_param(events->ids);
    PgResult *result = NULL;
    int r = pg_array_count(events->ids) ? pg_query(events->pg, sql_missing, &param, 1, &result) : 0;
    size_t position = 0;
    void *place;
    Str key;

    for (uint32_t row = 0; r == 0 && result != NULL && row < pg_rows(result); row++) {
        place = map_find(&events->places, pg_str(result, row, 0));
        if (place != NULL && map_find(&events->letters, str_of(place)) == NULL &&
            events->lost++ < SHOWN_MAX)
            printf("broken   law 1: event %s of execution %.*s is neither\n", (char *)place,
                   STR_ARGS(pg_str(result, row, 0)));
    }
    pg_result_free(result);
    pg_array_clear(events->ids);
    while (map_next(&events->places, &position, &key, &place))
        alloc_free(place);
    map_done(&events->places);
    return r;
}

static int note_event(Events *events, const BusMessage *message) {
    EngineEvent event;
    char place[64];
    Arena arena;
    int r;

    arena_init(&arena, 0);
    r = wire_read_event(message->value, &arena, &event);
    snprintf(place, sizeof place, "%d/%lld", message->partition, (long long)message->offset);
    if (r == 0 && event.type == ENGINE_EVENT_TRIGGER) {
        UuidText id = uuid_text(event.trigger.execution.uuid);

        pg_array_add_bytes(events->ids, uuid_bytes(&event.trigger.execution.uuid));
        alloc_free(map_set(&events->places, str_of(id.text), str_dup(str_of(place))));
    } else if (r && map_find(&events->letters, str_of(place)) == NULL) {
        events->lost++;
        printf("broken   law 1: event %s is unreadable and no dead letter\n", place);
    }
    arena_done(&arena);
    return pg_array_count(events->ids) >= ASKED_AT_ONCE ? ask(events) : 0;
}

static int read_letters(Events *events) {
    uint32_t count = 0;
    int r = bus_partition_count(events->producer, TOPIC_DEAD_LETTERS, WAIT_MS, &count);

    for (uint32_t partition = 0; r == 0 && partition < count; partition++)
        r = read_partition(events, TOPIC_DEAD_LETTERS, (int32_t)partition, -1, note_letter);
    return r;
}

static int read_events(Events *events) {
    PgResult *result = NULL;
    int r = pg_query(events->pg, sql_offsets, NULL, 0, &result);

    for (uint32_t row = 0; r == 0 && row < pg_rows(result); row++)
        if (pg_int(result, row, 1) > 0)
            r = read_partition(events, TOPIC_EVENTS, (int32_t)pg_int(result, row, 0),
                               pg_int(result, row, 1), note_event);
    pg_result_free(result);
    return r ? r : ask(events);
}

int verify_events(Pg *pg, const char *brokers, uint32_t *ret_lost) {
    BusSettings settings = {.brokers = brokers, .client_id = "headrace verify"};
    Events events = {.pg = pg, .brokers = brokers, .ids = pg_array_new(PG_ARRAY_UUID)};
    int r = bus_producer_open(&settings, &events.producer);

    map_init(&events.letters, 0);
    map_init(&events.places, 0);
    if (r == 0)
        r = read_letters(&events);
    if (r == 0)
        r = read_events(&events);
    if (r)
        fprintf(stderr, "headrace verify: the events cannot be read (%d)\n", r);
    bus_producer_close(events.producer);
    pg_array_free(events.ids);
    map_done(&events.letters);
    map_done(&events.places);
    *ret_lost = events.lost;
    return r;
}
