/* Reading executions: their rows, their history folded, their waits, and what a start must know. */

#include "coordinator/store.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "common/model/limits.h"
#include "coordinator/horizon.h"
#include "coordinator/origin.h"
#include "coordinator/store_private.h"

#define MS(column) "(extract(epoch FROM " column ") * 1000)::bigint"

/* Joined, not "= ANY": a generic plan of the latter would look into every partition. */
static const char sql_executions[] =
    "SELECT e.id, e.tenant_id, e.version_id, e.vars_rev, e.part, e.status, e.trigger_id,"
    " " MS(
        "e.started_at") ", e.trigger, e.input, e.error, e.traceparent"
                        " FROM unnest($1::uuid[]) u(id) JOIN headrace.execution e ON e.id = u.id";

static const char sql_rows[] =
    "SELECT s.execution_id, s.ord, s.node, s.visit, s.attempt, s.status, s.reason, s.outcome,"
    " coalesce(s.chain, 0), coalesce(s.run, 0), s.cont, " MS(
        "s.opened_at") ","
                       " coalesce(" MS("s.started_at") ", 0), " MS(
                           "s.completed_at") ", s.output, s.error"
                                             " FROM unnest($1::uuid[]) u(id)"
                                             " JOIN headrace.step_execution s ON s.execution_id = "
                                             "u.id ORDER BY s.execution_id, s.ord";

static const char sql_waits[] =
    "SELECT o.execution_id, o.node, o.visit, o.attempt, o.reason, coalesce(o.run, 0),"
    " coalesce(" MS("o.due_at") ", 0), " MS(
        "o.opened_at") ","
                       " coalesce(" MS(
                           "o.started_at") ", 0)"
                                           " FROM unnest($1::uuid[]) u(id)"
                                           " JOIN headrace.open_step o ON o.execution_id = u.id "
                                           "ORDER BY o.execution_id, o.node";

static const char sql_templates[] =
    "SELECT t.id, t.tenant_id, t.status, t.is_active, t.active_version_id, n.vars_rev"
    " FROM headrace.workflow_template t JOIN headrace.tenant n ON n.id = t.tenant_id"
    " WHERE t.id = ANY($1::uuid[])";

static const char sql_keys[] =
    "SELECT k.key, k.execution_id FROM headrace.execution_key k WHERE k.key = ANY($1::uuid[])";

static const char sql_versions[] =
    "SELECT v.id, v.tenant_id, v.template_id, v.version_number, v.plan_hash, v.workflow_data"
    " FROM headrace.workflow_version v WHERE v.id = ANY($1::uuid[])";

static const char sql_vars[] =
    "SELECT coalesce(json_object_agg(n.key, n.value), '{}') FROM ("
    " SELECT DISTINCT ON (s.key) s.key, s.value, s.is_encrypted FROM ("
    "  SELECT DISTINCT ON (r.key, r.template_id) r.key, r.template_id, r.value, r.deleted,"
    "   r.is_encrypted FROM headrace.variable_revision r"
    "   WHERE r.tenant_id = $1::uuid AND r.rev <= $3::bigint"
    "   AND (r.template_id IS NULL OR r.template_id = $2::uuid)"
    "   ORDER BY r.key, r.template_id, r.rev DESC) s"
    " WHERE NOT s.deleted ORDER BY s.key, s.template_id NULLS LAST) n WHERE NOT n.is_encrypted";

typedef struct StartTemplate {
    TenantId tenant;
    bool can_start;
    bool was_published;
    Uuid version;
    int64_t vars_rev;
} StartTemplate;

/* What one load asks for and gets. */
typedef struct Load {
    Lane *lane;
    PgArray *ids; /* each once: a row that came twice would not fold */
    PgArray *templates;
    PgArray *keys;
    PgArray *versions;
    Map wanted; /* version ids asked for */
    Map wanted_ids;
    PgResult *executions;
    PgResult *rows;
    PgResult *waits;
} Load;

static void load_open(Load *load, Lane *lane) {
    *load = (Load){
        .lane = lane,
        .ids = pg_array_new(PG_ARRAY_UUID),
        .templates = pg_array_new(PG_ARRAY_UUID),
        .keys = pg_array_new(PG_ARRAY_UUID),
        .versions = pg_array_new(PG_ARRAY_UUID),
    };
    map_init(&load->wanted, 0);
    map_init(&load->wanted_ids, 0);
}

static void load_close(Load *load) {
    pg_array_free(load->ids);
    pg_array_free(load->templates);
    pg_array_free(load->keys);
    pg_array_free(load->versions);
    map_done(&load->wanted);
    map_done(&load->wanted_ids);
    pg_result_free(load->executions);
    pg_result_free(load->rows);
    pg_result_free(load->waits);
}

int store_refusal(Lane *lane, int r) {
    const PgFailure *failure = pg_failure(lane->pg);

    if (r <= 0)
        return r;
    if (r != PG_E_SQL) {
        atomic_store(&lane->is_healthy, false);
        return STORE_E_UNAVAILABLE;
    }
    log_event(LOG_WARN, "store.refused", LOG_C("lane", lane->name),
              LOG_C("sqlstate", failure->sqlstate), LOG_C("table", failure->table),
              LOG_C("constraint", failure->constraint), LOG_C("message", failure->message));
    if (strcmp(failure->sqlstate, "HR001") == 0)
        return STORE_E_FENCED;
    /* 22 data, 23 constraint, 54 limit: the data, not the server. */
    if (strncmp(failure->sqlstate, "22", 2) == 0 || strncmp(failure->sqlstate, "23", 2) == 0 ||
        strncmp(failure->sqlstate, "54", 2) == 0)
        return STORE_E_POISON;
    return STORE_E_UNAVAILABLE;
}

static void want_version(Load *load, Uuid id) {
    const PlanVersion *version = plans_take(load->lane->plans, (VersionId){id});

    if (version != NULL) {
        plans_give(load->lane->plans, version);
        return;
    }
    if (map_set(&load->wanted, uuid_bytes(&id), load) == NULL)
        pg_array_add_bytes(load->versions, uuid_bytes(&id));
}

static void keep_version(Lane *lane, const PgResult *result, uint32_t row) {
    const PlanVersion *version;
    PlanVersion origin = {
        .id = {pg_get_uuid(result, row, 0)},
        .tenant = {pg_get_uuid(result, row, 1)},
        .template_id = {pg_get_uuid(result, row, 2)},
        .number = pg_int(result, row, 3),
    };
    int r = plans_add(lane->plans, &origin, pg_str(result, row, 5),
                      (uint64_t)pg_int(result, row, 4), &version);

    if (r)
        log_event(LOG_ERROR, r == PLANS_E_HASH ? "version.hash_differs" : "version.invalid",
                  LOG_ID("version", origin.id.uuid), LOG_ID("tenant", origin.tenant.uuid));
    else
        plans_give(lane->plans, version);
}

/* Versions that executions and starts name and that are not in memory. */
static int load_versions(Load *load) {
    Lane *lane = load->lane;
    PgParam param = pg_array_param(load->versions);
    PgResult *result = NULL;
    int r;

    if (pg_array_count(load->versions) == 0)
        return 0;
    r = pg_query(lane->pg, sql_versions, &param, 1, &result);
    if (r)
        return store_refusal(lane, r);
    for (uint32_t row = 0; row < pg_rows(result); row++)
        keep_version(lane, result, row);
    pg_result_free(result);
    return 0;
}

#define VARS_KEPT_MAX 4096 /* texts; all are forgotten together when there are more */

static void forget_vars(Lane *lane) {
    size_t position = 0;
    void *text;
    Str key;

    while (map_next(&lane->vars, &position, &key, &text))
        alloc_free(text);
    map_done(&lane->vars);
}

int store_vars(Lane *lane, const PlanVersion *version, int64_t rev, Str *ret_vars) {
    struct {
        Uuid tenant, template_id;
        int64_t rev;
    } key = {version->tenant.uuid, version->template_id.uuid, rev};
    Str key_bytes = str_from((const char *)&key, sizeof key);
    const char *text = map_find(&lane->vars, key_bytes);
    PgResult *result = NULL;
    int r;

    if (text == NULL) {
        PgParam params[] = {pg_uuid(&version->tenant.uuid), pg_uuid(&version->template_id.uuid),
                            pg_number(rev)};

        r = pg_query(lane->pg, sql_vars, params, 3, &result);
        if (r)
            return store_refusal(lane, r);
        if (lane->vars.count >= VARS_KEPT_MAX)
            forget_vars(lane);
        text = str_dup(pg_str(result, 0, 0));
        map_set(&lane->vars, key_bytes, (void *)text);
        pg_result_free(result);
    }
    *ret_vars = str_of(text);
    return 0;
}

void store_forget(Lane *lane) {
    forget_vars(lane);
}

/* One execution: its row, then its history, then its waits ---------------------------------- */

static ExecRow row_at(const PgResult *rows, uint32_t row) {
    return (ExecRow){
        .ord = (uint32_t)pg_int(rows, row, 1),
        .node = (uint32_t)pg_int(rows, row, 2),
        .visit = (uint32_t)pg_int(rows, row, 3),
        .attempt = (uint32_t)pg_int(rows, row, 4),
        .status = (StepStatus)pg_int(rows, row, 5),
        .reason = (StepReason)pg_int(rows, row, 6),
        .outcome = pg_str(rows, row, 7),
        .chain = (uint32_t)pg_int(rows, row, 8),
        .run = (uint64_t)pg_int(rows, row, 9),
        .continues = pg_bool(rows, row, 10),
        .opened_ms = pg_int(rows, row, 11),
        .started_ms = pg_int(rows, row, 12),
        .completed_ms = pg_int(rows, row, 13),
        .output = pg_str(rows, row, 14),
        .error = pg_str(rows, row, 15),
    };
}

static int fold_rows(Exec *exec, const PgResult *rows, Uuid id, uint32_t *row) {
    while (*row < pg_rows(rows) && uuid_compare(pg_get_uuid(rows, *row, 0), id) < 0)
        (*row)++;
    for (; *row < pg_rows(rows) && uuid_equal(pg_get_uuid(rows, *row, 0), id); (*row)++) {
        ExecRow folded = row_at(rows, *row);
        int r = exec_fold(exec, &folded);

        if (r)
            return r;
    }
    return 0;
}

static void fold_waits(Slot *slot, const PgResult *waits, uint32_t *row) {
    while (*row < pg_rows(waits) && uuid_compare(pg_get_uuid(waits, *row, 0), slot->id.uuid) < 0)
        (*row)++;
    for (; *row < pg_rows(waits) && uuid_equal(pg_get_uuid(waits, *row, 0), slot->id.uuid);
         (*row)++) {
        int64_t node = pg_int(waits, *row, 1);
        ExecWait wait = {
            .node = (uint32_t)node,
            .visit = (uint32_t)pg_int(waits, *row, 2),
            .attempt = (uint32_t)pg_int(waits, *row, 3),
            .reason = (StepReason)pg_int(waits, *row, 4),
            .run = (uint64_t)pg_int(waits, *row, 5),
            .due_ms = pg_int(waits, *row, 6),
            .opened_ms = pg_int(waits, *row, 7),
        };

        if (node < 0) {
            slot->has_deadline_row = true;
            continue;
        }
        if (wait.node >= exec_plan(slot->exec)->node_count)
            continue;
        slot_set_parked(slot, wait.node, true);
        if (exec_fold_wait(slot->exec, &wait))
            log_event(LOG_ERROR, "execution.wait_unfit", LOG_ID("execution", slot->id.uuid),
                      LOG_INT("node", node));
    }
}

/* Work that the state says is in flight, but whose place nobody remembers. */
static void add_unknown_flights(Lane *lane, Slot *slot) {
    int64_t now_ms = clock_monotonic_ms();

    for (uint32_t node = 0; node < exec_plan(slot->exec)->node_count; node++) {
        ExecStepView view = exec_view(slot->exec, node);
        Flight *flight;

        if (view.reason != REASON_QUEUED && view.reason != REASON_RUNNING)
            continue;
        if (slot_find_flight(slot, node) != NULL)
            continue;
        flight = slots_add_flight(&lane->slots, slot, node);
        flight->visit = view.visit;
        flight->attempt = view.attempt;
        flight->dispatch_no = view.dispatch_no;
        flight->opened_ms = view.opened_ms;
        flight->sent_ms = now_ms;
        flight->run = view.run;
        flight->started_ms = view.reason == REASON_RUNNING ? view.opened_ms : 0;
        flight->silent_ms = now_ms + (view.reason == REASON_RUNNING ? lane->config->heartbeat_ms
                                                                    : lane->config->dispatch_ms);
    }
}

static int exec_from_row(Lane *lane, const PgResult *result, uint32_t row,
                         const PlanVersion *version, Exec **ret_exec) {
    UuidText template_text = uuid_text(version->template_id.uuid);
    ExecFacts facts = {
        .id = {pg_get_uuid(result, row, 0)},
        .tenant = version->tenant,
        .template_id = str_of(template_text.text),
        .version_number = version->number,
        .started_ms = pg_int(result, row, 7),
        .trigger = plan_find_trigger(version->plan, pg_str(result, row, 6)),
        .trigger_text = pg_str(result, row, 8),
    };
    int r = store_vars(lane, version, pg_int(result, row, 3), &facts.vars);

    if (r)
        return r;
    facts.seed = origin_seed(facts.id);
    facts.input = origin_input(&lane->work.arena, facts.trigger_text, pg_str(result, row, 9));
    *ret_exec = exec_new(version->plan, &facts);
    return 0;
}

typedef struct Cursor {
    uint32_t row, wait;
} Cursor;

static int slot_from_row(Load *load, uint32_t row, Cursor *cursor) {
    Lane *lane = load->lane;
    const PgResult *result = load->executions;
    ExecutionId id = {pg_get_uuid(result, row, 0)};
    const PlanVersion *version = plans_take(lane->plans, (VersionId){pg_get_uuid(result, row, 2)});
    Exec *exec = NULL;
    Slot *slot;
    int r;

    if (version == NULL) {
        log_event(LOG_ERROR, "execution.no_plan", LOG_ID("execution", id.uuid));
        return 0;
    }
    r = exec_from_row(lane, result, row, version, &exec);
    if (r == 0)
        exec_fold_status(exec, (ExecutionStatus)pg_int(result, row, 5), pg_str(result, row, 10));
    if (r == 0 && fold_rows(exec, load->rows, id.uuid, &cursor->row)) {
        log_event(LOG_ERROR, "execution.rows_unfit", LOG_ID("execution", id.uuid));
        exec_free(exec);
        plans_give(lane->plans, version);
        return 0;
    }
    if (r) {
        plans_give(lane->plans, version);
        return r;
    }
    slot = slots_add(&lane->slots, &(SlotOrigin){
                                       .id = id,
                                       .tenant = version->tenant,
                                       .part = (int32_t)pg_int(result, row, 4),
                                       .vars_rev = pg_int(result, row, 3),
                                       .version = version,
                                       .exec = exec,
                                       .traceparent = pg_str(result, row, 11),
                                   });
    slot->batch = lane->work.number;
    fold_waits(slot, load->waits, &cursor->wait);
    if (execution_status_is_terminal(exec_status(exec)))
        return 0;
    add_unknown_flights(lane, slot);
    horizon_arm(lane, slot, 0);
    return 0;
}

static int compare_ids(const void *a, const void *b) {
    return memcmp(a, b, UUID_BYTES);
}

/* The executions' rows come in any order; history and waits come in the order of ids. */
static int slots_from_rows(Load *load) {
    uint32_t count = pg_rows(load->executions);
    Cursor cursor = {0};
    struct {
        Uuid id;
        uint32_t row;
    } *order = arena_alloc(&load->lane->work.arena, count * sizeof *order);

    for (uint32_t row = 0; row < count; row++) {
        order[row].id = pg_get_uuid(load->executions, row, 0);
        order[row].row = row;
    }
    qsort(order, count, sizeof *order, compare_ids);
    for (uint32_t i = 0; i < count; i++) {
        int r;

        if (slots_find(&load->lane->slots, (ExecutionId){order[i].id}) != NULL)
            continue;
        r = slot_from_row(load, order[i].row, &cursor);
        if (r)
            return r;
    }
    return 0;
}

static void keep_templates(Load *load, const PgResult *result) {
    Lane *lane = load->lane;

    for (uint32_t row = 0; row < pg_rows(result); row++) {
        StartTemplate *template = arena_zero(&lane->work.arena, sizeof *template);
        TemplateStatus status = TEMPLATE_DRAFT;
        Uuid id = pg_get_uuid(result, row, 0);

        template_status_from_word(pg_str(result, row, 2), &status);
        template->tenant.uuid = pg_get_uuid(result, row, 1);
        template->was_published = !pg_is_null(result, row, 4);
        template->can_start = pg_bool(result, row, 3) &&
                              (status == TEMPLATE_PUBLISHED || status == TEMPLATE_DEPRECATED);
        if (template->was_published) {
            template->version = pg_get_uuid(result, row, 4);
            want_version(load, template->version);
        }
        template->vars_rev = pg_int(result, row, 5);
        map_set(&lane->start_templates, uuid_bytes(&id), template);
    }
}

static void keep_keys(Lane *lane, const PgResult *result) {
    for (uint32_t row = 0; row < pg_rows(result); row++) {
        Uuid key = pg_get_uuid(result, row, 0);
        Uuid *execution = arena_alloc(&lane->work.arena, sizeof *execution);

        *execution = pg_get_uuid(result, row, 1);
        map_set(&lane->start_keys, uuid_bytes(&key), execution);
    }
}

/* Everything in one round trip; versions and variables that are not in memory in further ones. */
static int load_rows(Load *load) {
    enum { EXECUTIONS, ROWS, WAITS, TEMPLATES, KEYS, QUERY_COUNT };
    Lane *lane = load->lane;
    PgParam ids = pg_array_param(load->ids);
    PgParam templates = pg_array_param(load->templates);
    PgParam keys = pg_array_param(load->keys);
    PgResult *results[QUERY_COUNT] = {0};
    int r;

    pg_begin(lane->pg);
    pg_send(lane->pg, sql_executions, &ids, 1);
    pg_send(lane->pg, sql_rows, &ids, 1);
    pg_send(lane->pg, sql_waits, &ids, 1);
    pg_send(lane->pg, sql_templates, &templates, 1);
    pg_send(lane->pg, sql_keys, &keys, 1);
    r = pg_finish(lane->pg, false, results, QUERY_COUNT);
    if (r)
        return store_refusal(lane, r);
    load->executions = results[EXECUTIONS];
    load->rows = results[ROWS];
    load->waits = results[WAITS];
    keep_templates(load, results[TEMPLATES]);
    keep_keys(lane, results[KEYS]);
    pg_result_free(results[TEMPLATES]);
    pg_result_free(results[KEYS]);
    for (uint32_t row = 0; row < pg_rows(load->executions); row++)
        want_version(load, pg_get_uuid(load->executions, row, 2));
    r = load_versions(load);
    return r ? r : slots_from_rows(load);
}

static void want_start(Load *load, const TriggerEvent *event) {
    Uuid key = origin_key(event->execution);

    if (map_find(&load->lane->start_templates, uuid_bytes(&event->template_id.uuid)) == NULL)
        pg_array_add_bytes(load->templates, uuid_bytes(&event->template_id.uuid));
    if (origin_has_key(event->type))
        pg_array_add_bytes(load->keys, uuid_bytes(&key));
    if (!uuid_is_zero(event->version.uuid))
        want_version(load, event->version.uuid);
}

static void want_execution(Load *load, Uuid id) {
    if (slots_find(&load->lane->slots, (ExecutionId){id}) == NULL &&
        map_set(&load->wanted_ids, uuid_bytes(&id), load) == NULL)
        pg_array_add_bytes(load->ids, uuid_bytes(&id));
}

int store_load(Lane *lane, uint32_t first, uint32_t last) {
    Load load;
    int r = 0;

    map_done(&lane->start_templates);
    map_done(&lane->start_keys);
    load_open(&load, lane);
    for (uint32_t i = first; i < last; i++) {
        const Message *message = &lane->messages[i];

        if (message->type == MESSAGE_DEAD)
            continue;
        if (message->type == MESSAGE_START)
            want_start(&load, &message->trigger);
        want_execution(&load, message->execution.uuid);
    }
    if (pg_array_count(load.ids) + pg_array_count(load.templates) > 0)
        r = load_rows(&load);
    load_close(&load);
    return r;
}

int store_load_ids(Lane *lane, const Uuid *ids, uint32_t count) {
    Load load;
    int r;

    load_open(&load, lane);
    for (uint32_t i = 0; i < count; i++)
        want_execution(&load, ids[i]);
    r = pg_array_count(load.ids) ? load_rows(&load) : 0;
    load_close(&load);
    return r;
}

static StartFate start_fate(Lane *lane, const TriggerEvent *event) {
    Uuid key = origin_key(event->execution);
    const Uuid *started = map_find(&lane->start_keys, uuid_bytes(&key));
    const StartTemplate *template =
        map_find(&lane->start_templates, uuid_bytes(&event->template_id.uuid));

    if (slots_find(&lane->slots, event->execution) != NULL)
        return START_KNOWN;
    if (started != NULL && !uuid_equal(*started, event->execution.uuid))
        return START_ALIAS;
    if (template == NULL || !uuid_equal(template->tenant.uuid, event->tenant.uuid) ||
        !template->was_published)
        return START_NO_TEMPLATE;
    return template->can_start ? START_NEW : START_INACTIVE;
}

static bool is_version_of(const PlanVersion *version, const TriggerEvent *event) {
    return uuid_equal(version->template_id.uuid, event->template_id.uuid) &&
           uuid_equal(version->tenant.uuid, event->tenant.uuid);
}

int store_start_facts(Lane *lane, const TriggerEvent *event, StartFacts *ret_facts) {
    const StartTemplate *template =
        map_find(&lane->start_templates, uuid_bytes(&event->template_id.uuid));
    StartFacts facts = {.fate = start_fate(lane, event)};
    Uuid key = origin_key(event->execution);
    Uuid *execution;
    int r;

    if (facts.fate == START_NEW) {
        VersionId id =
            uuid_is_zero(event->version.uuid) ? (VersionId){template->version} : event->version;

        facts.version = plans_take(lane->plans, id);
        if (facts.version == NULL)
            facts.fate = START_NO_PLAN;
    }
    if (facts.fate == START_NEW && !is_version_of(facts.version, event)) {
        plans_give(lane->plans, facts.version);
        facts.version = NULL;
        facts.fate = START_NO_TEMPLATE;
    }
    if (facts.fate == START_NEW) {
        facts.vars_rev = template->vars_rev;
        r = store_vars(lane, facts.version, facts.vars_rev, &facts.vars);
        if (r) {
            plans_give(lane->plans, facts.version);
            return r;
        }
        facts.has_key =
            origin_has_key(event->type) && map_find(&lane->start_keys, uuid_bytes(&key)) == NULL;
        /* A second delivery in the same batch must find what the first one started. */
        execution = arena_copy(&lane->work.arena, &event->execution.uuid, sizeof *execution);
        map_set(&lane->start_keys, uuid_bytes(&key), execution);
    }
    *ret_facts = facts;
    return 0;
}
