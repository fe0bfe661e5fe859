/*
 * Load: starts executions as a gateway would, and waits for their ends as a dashboard would.
 *
 *   load kafka=HOST:PORT pg=DSN tenant=ID template=ID trigger=NAME scope=JSON
 *        flight=256 rate=0 warm=2 seconds=10
 *
 * rate 0 is a closed loop: so many executions are in flight, and an end starts the next one. Any
 * other rate is that many starts a second, whatever is in flight. An execution has ended when its
 * row says so to another connection: committed, not merely decided.
 *
 * Prints a line of JSON per event: {"event":"pid"} (of the database session that watches, so that
 * its share can be taken off PostgreSQL's), "warm" and "measured" around the time that counts,
 * "second" in between, and "done" with everything, after all that was started has ended.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/map.h"
#include "common/io/bus.h"
#include "common/io/clock.h"
#include "common/io/pg.h"
#include "common/wire/wire.h"

#define TOPIC "headrace.events.v1"
#define FLIGHT_MAX 20000
#define SECOND_US 1000000
#define DRAIN_US (60 * SECOND_US) /* what is not done then never will be */
#define ASK_PACED_US 1000         /* a latency is known to a millisecond */
#define ASK_LOOP_US 10000         /* seldom enough to cost little */

typedef struct Flight {
    ExecutionId id;
    int64_t began_us;
} Flight;

typedef struct Load {
    const char *kafka, *pg_dsn, *trigger, *scope;
    TenantId tenant;
    TemplateId template_id;
    int64_t flight, rate, warm, seconds;

    BusProducer *producer;
    uint32_t partition_count;
    Pg *pg;
    Flight *flights;
    uint32_t flight_count;
    int64_t *latencies_us; /* of what ended while it counted */
    uint32_t latency_count, latency_capacity;
    uint64_t started, ended, failed, lost;
    int64_t began_us, from_us, to_us;
    bool is_over;
    Buf bytes;
} Load;

/* What is wanted ------------------------------------------------------------------------------ */

static bool take_number(Load *load, Str name, Str value) {
    const struct {
        const char *name;
        int64_t *at, low, high;
    } numbers[] = {
        {"flight",  &load->flight,  1, FLIGHT_MAX},
        {"rate",    &load->rate,    0, FLIGHT_MAX},
        {"warm",    &load->warm,    0, 3600      },
        {"seconds", &load->seconds, 1, 36000     },
    };

    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        if (str_is(name, numbers[i].name))
            return str_to_int64(value, numbers[i].low, numbers[i].high, numbers[i].at);
    return false;
}

static bool take_argument(Load *load, const char *argument) {
    Str value = str_of(argument), name = str_split(&value, '=');
    const struct {
        const char *name, **at;
    } texts[] = {
        {"kafka",   &load->kafka  },
        {"pg",      &load->pg_dsn },
        {"trigger", &load->trigger},
        {"scope",   &load->scope  },
    };

    if (str_is(name, "tenant"))
        return uuid_from_text(value, &load->tenant.uuid);
    if (str_is(name, "template"))
        return uuid_from_text(value, &load->template_id.uuid);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        if (str_is(name, texts[i].name)) {
            *texts[i].at = value.data;
            return value.data != NULL;
        }
    }
    return take_number(load, name, value);
}

/* Starting ------------------------------------------------------------------------------------ */

static void delivered(void *owner, const BusReport *report) {
    Load *load = owner;

    load->lost += report->r != 0;
}

static void start_one(Load *load) {
    Flight *flight = &load->flights[load->flight_count];
    UuidText event = uuid_text(clock_uuid_v7());
    ExecutionOrigin origin = {
        .accepted_ms = clock_now_ms(),
        .tenant = load->tenant,
        .template_id = load->template_id,
        .trigger = str_of(load->trigger),
        .event = str_of(event.text),
    };
    EngineEvent message = {.type = ENGINE_EVENT_TRIGGER};

    CHECK(load->flight_count < FLIGHT_MAX);
    flight->id = execution_id(&origin);
    flight->began_us = clock_monotonic_us();
    message.trigger = (TriggerEvent){
        .tenant = load->tenant,
        .template_id = load->template_id,
        .trigger = origin.trigger,
        .type = TRIGGER_EVENT,
        .event = origin.event,
        .execution = flight->id,
        .accepted_ms = origin.accepted_ms,
        .scope = str_of(load->scope),
    };
    buf_clear(&load->bytes);
    wire_write_event(&load->bytes, &message);
    CHECK(bus_produce(load->producer, &(BusOutgoing){
                                          .topic = TOPIC,
                                          .partition = (int32_t)wire_home_partition(
                                              flight->id, load->partition_count),
                                          .key = uuid_bytes(&flight->id.uuid),
                                          .value = buf_str(&load->bytes),
                                      }) == 0);
    load->flight_count++;
    load->started++;
}

static int64_t wanted_count(const Load *load, int64_t now_us) {
    if (load->is_over)
        return 0;
    if (load->rate == 0)
        return load->flight - load->flight_count;
    return (now_us - load->began_us) * load->rate / SECOND_US + 1 - (int64_t)load->started;
}

/* Ending -------------------------------------------------------------------------------------- */

static const char sql_ended[] =
    "SELECT id, status FROM headrace.execution WHERE id = ANY($1::uuid[]) AND id >= $2::uuid"
    " AND id <= $3::uuid AND completed_at IS NOT NULL";

#define STATUS_COMPLETED 4

static void note_latency(Load *load, int64_t latency_us) {
    if (load->latency_count == load->latency_capacity) {
        load->latency_capacity = MAX(load->latency_capacity * 2, 1024u);
        load->latencies_us =
            alloc_again(load->latencies_us, load->latency_capacity * sizeof *load->latencies_us);
    }
    load->latencies_us[load->latency_count++] = latency_us;
}

static void end_one(Load *load, Flight *flight, int64_t status, int64_t now_us) {
    load->ended++;
    load->failed += status != STATUS_COMPLETED;
    if (now_us >= load->from_us && now_us < load->to_us)
        note_latency(load, now_us - flight->began_us);
    flight->began_us = -1;
}

static void drop_ended(Load *load) {
    uint32_t kept = 0;

    for (uint32_t i = 0; i < load->flight_count; i++)
        if (load->flights[i].began_us >= 0)
            load->flights[kept++] = load->flights[i];
    load->flight_count = kept;
}

static void take_ended(Load *load, const PgResult *result) {
    int64_t now_us = clock_monotonic_us();
    Map flights;

    map_init(&flights, 0);
    for (uint32_t i = 0; i < load->flight_count; i++)
        map_set(&flights, uuid_bytes(&load->flights[i].id.uuid), &load->flights[i]);
    for (uint32_t row = 0; row < pg_rows(result); row++) {
        Uuid id = pg_get_uuid(result, row, 0);

        end_one(load, map_find(&flights, uuid_bytes(&id)), pg_int(result, row, 1), now_us);
    }
    map_done(&flights);
    drop_ended(load);
}

/* The bounds let PostgreSQL look into one partition of the table instead of all. */
static void ask_ended(Load *load) {
    PgArray *ids = pg_array_new(PG_ARRAY_UUID);
    Uuid low = load->flights[0].id.uuid, high = low;
    PgResult *result = NULL;
    PgParam params[3];

    for (uint32_t i = 0; i < load->flight_count; i++) {
        Uuid id = load->flights[i].id.uuid;

        pg_array_add_bytes(ids, uuid_bytes(&id));
        low = uuid_compare(id, low) < 0 ? id : low;
        high = uuid_compare(id, high) > 0 ? id : high;
    }
    params[0] = pg_array_param(ids);
    params[1] = pg_uuid(&low);
    params[2] = pg_uuid(&high);
    if (pg_query(load->pg, sql_ended, params, ARRAY_SIZE(params), &result)) {
        fprintf(stderr, "load: PostgreSQL: %s\n", pg_failure(load->pg)->message);
        exit(1);
    }
    take_ended(load, result);
    pg_result_free(result);
    pg_array_free(ids);
}

/* Telling ------------------------------------------------------------------------------------- */

static int compare_numbers(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static double quantile_ms(const Load *load, uint32_t percent) {
    if (load->latency_count == 0)
        return 0;
    return (double)load->latencies_us[(uint64_t)(load->latency_count - 1) * percent / 100] / 1000;
}

static void tell_pid(Load *load) {
    PgResult *result = NULL;

    CHECK(pg_query(load->pg, "SELECT pg_backend_pid()", NULL, 0, &result) == 0);
    printf("{\"event\":\"pid\",\"pid\":%lld}\n", (long long)pg_int(result, 0, 0));
    pg_result_free(result);
}

static void tell(const Load *load, const char *event) {
    printf("{\"event\":\"%s\",\"started\":%llu,\"ended\":%llu,\"counted\":%u,\"in_flight\":%u}\n",
           event, (unsigned long long)load->started, (unsigned long long)load->ended,
           load->latency_count, load->flight_count);
}

static void tell_done(Load *load) {
    qsort(load->latencies_us, load->latency_count, sizeof *load->latencies_us, compare_numbers);
    printf("{\"event\":\"done\",\"started\":%llu,\"ended\":%llu,\"failed\":%llu,\"lost\":%llu,"
           "\"counted\":%u,\"seconds\":%.3f,\"p50\":%.2f,\"p99\":%.2f}\n",
           (unsigned long long)load->started, (unsigned long long)load->ended,
           (unsigned long long)load->failed, (unsigned long long)load->lost, load->latency_count,
           (double)(load->to_us - load->from_us) / SECOND_US, quantile_ms(load, 50),
           quantile_ms(load, 99));
}

/* Running ------------------------------------------------------------------------------------- */

static void turn(Load *load) {
    int64_t wanted = wanted_count(load, clock_monotonic_us());

    for (int64_t i = 0; i < wanted; i++)
        start_one(load);
    bus_producer_poll(load->producer, 0);
    if (load->flight_count > 0)
        ask_ended(load);
}

static void run_until(Load *load, int64_t end_us) {
    int64_t pause_us = load->rate || load->flight == 1 ? ASK_PACED_US : ASK_LOOP_US;
    int64_t second_us = clock_monotonic_us() + SECOND_US;

    while (clock_monotonic_us() < end_us && !(load->is_over && load->flight_count == 0)) {
        int64_t turned_us = clock_monotonic_us();

        turn(load);
        if (turned_us >= second_us) {
            tell(load, "second");
            second_us += SECOND_US;
        }
        usleep((useconds_t)MAX(turned_us + pause_us - clock_monotonic_us(), (int64_t)100));
    }
}

static void run(Load *load) {
    load->began_us = clock_monotonic_us();
    load->from_us = load->began_us + load->warm * SECOND_US;
    load->to_us = load->from_us + load->seconds * SECOND_US;
    run_until(load, load->from_us);
    tell(load, "warm");
    run_until(load, load->to_us);
    tell(load, "measured");
    load->is_over = true;
    run_until(load, load->to_us + DRAIN_US);
    bus_producer_flush(load->producer, 5000);
    tell_done(load);
}

static bool open_neighbours(Load *load) {
    BusSettings bus = {.brokers = load->kafka, .client_id = "load", .linger_ms = 0};
    PgSettings pg = {
        .dsn = load->pg_dsn,
        .application_name = "load",
        .connect_timeout_ms = 5000,
        .statement_timeout_ms = 10000,
        .setup = (const char *const[]){"SET enable_seqscan = off", NULL},
    };

    load->pg = pg_new(&pg);
    CHECK(bus_producer_open(&bus, &load->producer) == 0);
    bus_producer_on_report(load->producer, delivered, load);
    return pg_connect(load->pg) == 0 &&
           bus_partition_count(load->producer, TOPIC, 10000, &load->partition_count) == 0;
}

int main(int argc, char **argv) {
    Load load = {.trigger = "", .scope = "{}", .flight = 256, .warm = 2, .seconds = 10};

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        if (!take_argument(&load, argv[i])) {
            fprintf(stderr, "load: not understood: %s\n", argv[i]);
            return 2;
        }
    }
    if (load.kafka == NULL || load.pg_dsn == NULL) {
        fprintf(stderr, "load: kafka= and pg= are needed\n");
        return 2;
    }
    if (!open_neighbours(&load)) {
        fprintf(stderr, "load: Kafka or PostgreSQL cannot be reached\n");
        return 1;
    }
    load.flights = alloc_array(FLIGHT_MAX, sizeof *load.flights);
    tell_pid(&load);
    run(&load);
    alloc_free(load.flights);
    alloc_free(load.latencies_us);
    buf_done(&load.bytes);
    pg_free(load.pg);
    bus_producer_close(load.producer);
    return load.started == load.ended && load.failed == 0 && load.lost == 0 ? 0 : 1;
}
