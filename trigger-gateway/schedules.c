/*
 * Ticks.
 *
 * Runs on: loop; claim() and advance() in a lane.
 */

#include "trigger-gateway/schedules.h"

#include <stdio.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "common/json/json.h"
#include "trigger-gateway/due.h"
#include "trigger-gateway/ports/metrics.h"

/* A failed look at the database is repeated after this. */
#define RETRY_MS 1000

/* PostgreSQL's clock decides what is due; it may be that much behind ours. */
#define BEHIND_SECOND_MS 3

typedef enum SchedulesState {
    SCHEDULES_IDLE,
    SCHEDULES_CLAIMING,
    SCHEDULES_PUBLISHING,
    SCHEDULES_ADVANCING,
} SchedulesState;

struct Schedules {
    SchedulesPorts ports;
    SchedulesState state;
    LoopTimer timer;
    char claimer[160]; /* the instance and dice: two of one name are two */
    Arena arena;       /* of the round */
    DueRow *rows;
    uint32_t row_count;
    uint32_t pending; /* events of the round not acknowledged yet */
    int result;       /* of the lane's work */
    bool is_draining;
    LoopFn drained_fn;
    void *drained_context;
};

static void round_begin(void *context);

/* Schedules fire at whole seconds: one of the looks is just behind each. */
static int64_t pause_of(const Schedules *schedules) {
    int64_t to_second_ms = 1000 - clock_now_ms() % 1000 + BEHIND_SECOND_MS;

    return MIN(schedules->ports.config->schedules_ms, to_second_ms);
}

static void round_end(Schedules *schedules) {
    bool was_full = schedules->row_count == (uint32_t)schedules->ports.config->schedules_batch;
    int64_t pause_ms = schedules->result ? RETRY_MS : pause_of(schedules);

    arena_reset(&schedules->arena);
    schedules->row_count = 0;
    schedules->state = SCHEDULES_IDLE;
    if (!schedules->is_draining)
        loop_timer_start(&schedules->timer, was_full && !schedules->result ? 0 : pause_ms, 0);
    else if (schedules->drained_fn)
        schedules->drained_fn(schedules->drained_context);
}

/* Advancing --------------------------------------------------------------------------------- */

static void advance(void *lane, void *context) {
    Schedules *schedules = context;

    schedules->result =
        due_advance(lane, schedules->claimer, schedules->rows, schedules->row_count);
    if (schedules->result)
        log_event(LOG_WARN, "schedules.stuck", LOG_C("sqlstate", pg_failure(lane)->sqlstate),
                  LOG_C("why", pg_failure(lane)->message));
}

static void advance_done(void *context) {
    round_end(context);
}

/* What cannot be written down stays claimed until the lease ends, and is sent again then. */
static void advance_begin(Schedules *schedules) {
    schedules->state = SCHEDULES_ADVANCING;
    if (lane_pool_run(schedules->ports.lanes, advance, advance_done, schedules) == 0)
        return;
    schedules->result = PG_E_UNAVAILABLE;
    round_end(schedules);
}

/* Publishing -------------------------------------------------------------------------------- */

typedef struct Tick {
    Schedules *schedules;
    DueRow *row;
    int64_t instant_ms;
} Tick;

static void tick_done(void *context, int r) {
    Tick *tick = context;
    Schedules *schedules = tick->schedules;

    metric_add_label(schedules->ports.metrics, METRIC_TICKS, r ? "unavailable" : "fired", 1);
    if (r == 0)
        metric_observe_ms(schedules->ports.metrics, METRIC_TICK_LATE_SECONDS,
                          (double)(clock_now_ms() - tick->instant_ms));
    tick->row->has_failed = tick->row->has_failed || r != 0;
    if (--schedules->pending == 0)
        advance_begin(schedules);
}

static Str scope_of(Arena *arena, const DueRow *row, Str instant) {
    Json scope = json_object(
        (JsonMember[]){
            {STR("scheduledAt"),    json_string(instant)      },
            {STR("cronExpression"), json_string(row->cron)    },
            {STR("timezone"),       json_string(row->timezone)},
    },
        3);

    return json_text(arena, &scope);
}

/* Whatever gateway sends it, and however often: the same event, the same execution. */
static int tick_send(Schedules *schedules, DueRow *row, int64_t instant_ms) {
    Arena *arena = &schedules->arena;
    Str instant = str_copy(arena, str_of(clock_text(instant_ms).text));
    Tick *tick = arena_zero(arena, sizeof *tick);
    TriggerEvent event = {
        .tenant = row->tenant,
        .template_id = row->template_id,
        .trigger = row->trigger,
        .type = TRIGGER_SCHEDULED,
        .event = str_printf(arena, "%.*s:%.*s", STR_ARGS(row->trigger), STR_ARGS(instant)),
        .accepted_ms = instant_ms,
        .scope = scope_of(arena, row, instant),
        .input = str_printf(arena, "{\"scheduledAt\":\"%.*s\"}", STR_ARGS(instant)),
    };
    ExecutionOrigin origin = {
        .accepted_ms = instant_ms,
        .tenant = event.tenant,
        .template_id = event.template_id,
        .trigger = event.trigger,
        .event = event.event,
    };

    event.execution = execution_id(&origin);
    *tick = (Tick){.schedules = schedules, .row = row, .instant_ms = instant_ms};
    return publish_start(schedules->ports.publisher, &event, tick_done, tick);
}

static void publish_row(Schedules *schedules, DueRow *row) {
    for (uint32_t i = 0; i < row->firings.count && !row->has_failed; i++) {
        if (tick_send(schedules, row, row->firings.instants_ms[i])) {
            metric_add_label(schedules->ports.metrics, METRIC_TICKS, "unavailable", 1);
            row->has_failed = true;
        } else {
            schedules->pending++;
        }
    }
}

static void publish_begin(Schedules *schedules) {
    schedules->state = SCHEDULES_PUBLISHING;
    CHECK(schedules->pending == 0);
    for (uint32_t i = 0; i < schedules->row_count; i++)
        publish_row(schedules, &schedules->rows[i]);
    if (schedules->pending == 0)
        advance_begin(schedules);
}

/* Claiming ---------------------------------------------------------------------------------- */

static void claim(void *lane, void *context) {
    Schedules *schedules = context;
    const GatewayConfig *config = schedules->ports.config;

    schedules->result = due_claim(lane,
                                  &(DueClaim){
                                      .claimer = schedules->claimer,
                                      .claim_ms = config->schedules_claim_ms,
                                      .row_max = (uint32_t)config->schedules_batch,
                                      .missed_max = (uint32_t)config->schedules_catch_up,
                                  },
                                  &schedules->arena, &schedules->rows, &schedules->row_count);
    if (schedules->result)
        log_event(LOG_WARN, "schedules.unread", LOG_C("sqlstate", pg_failure(lane)->sqlstate),
                  LOG_C("why", pg_failure(lane)->message));
}

static void claim_done(void *context) {
    Schedules *schedules = context;

    if (schedules->result || schedules->row_count == 0)
        round_end(schedules);
    else
        publish_begin(schedules);
}

/* While Kafka is away nothing is claimed: a claim would only keep others from it. */
static void round_begin(void *context) {
    Schedules *schedules = context;

    if (schedules->is_draining)
        return;
    schedules->result = 0;
    schedules->state = SCHEDULES_CLAIMING;
    if (!publisher_is_up(schedules->ports.publisher) ||
        lane_pool_run(schedules->ports.lanes, claim, claim_done, schedules))
        round_end(schedules);
}

/* Life -------------------------------------------------------------------------------------- */

Schedules *schedules_start(const SchedulesPorts *ports) {
    Schedules *schedules = alloc_zero(sizeof *schedules);

    schedules->ports = *ports;
    snprintf(schedules->claimer, sizeof schedules->claimer, "%s/%08x", ports->instance,
             (unsigned)clock_random_u64());
    loop_timer_open(ports->loop, &schedules->timer, round_begin, schedules);
    loop_timer_start(&schedules->timer, ports->config->schedules_ms, 0);
    return schedules;
}

void schedules_drain(Schedules *schedules, LoopFn done_fn, void *context) {
    schedules->is_draining = true;
    schedules->drained_fn = done_fn;
    schedules->drained_context = context;
    loop_timer_stop(&schedules->timer);
    if (schedules->state == SCHEDULES_IDLE)
        loop_post(schedules->ports.loop, done_fn, context);
}

static void timer_closed(void *context) {
    Schedules *schedules = context;

    arena_done(&schedules->arena);
    alloc_free(schedules);
}

Schedules *schedules_free(Schedules *schedules) {
    if (schedules == NULL)
        return NULL;
    loop_timer_close(&schedules->timer, timer_closed);
    return NULL;
}
