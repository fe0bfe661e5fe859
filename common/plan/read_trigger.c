/* Triggers: what starts an execution. */

#include "common/base/check.h"
#include "common/model/limits.h"
#include "common/plan/read.h"

#define OBJECT IS(JSON_OBJECT)
#define ARRAY IS(JSON_ARRAY)
#define STRING IS(JSON_STRING)
#define AT(member) offsetof(PlanTrigger, member)
#define TIMEZONE_DEFAULT STR("UTC")

static const char *type_word(uint32_t kind) {
    return kind < _TRIGGER_TYPE_COUNT ? trigger_type_word((TriggerType)kind) : "";
}

/* WEBHOOK ----------------------------------------------------------------------------------- */

typedef struct TextParts {
    Str text; /* checked to be a text, used by the gateway from the config as it is written */
} TextParts;

#define TEXT .type = READ_TEXT, .at = offsetof(TextParts, text)

static void read_scheme(Build *build, const Place *place, const Json *value,
                        const ReadObject *object) {
    static const char *const words[] = {"github", "stripe", "slack", "standard", "hmac", "none"};

    (void)object;
    read_word(build, place, value, words, ARRAY_SIZE(words));
}

static void read_encoding(Build *build, const Place *place, const Json *value,
                          const ReadObject *object) {
    static const char *const words[] = {"hex", "base64"};

    (void)object;
    read_word(build, place, value, words, ARRAY_SIZE(words));
}

static void read_algorithm(Build *build, const Place *place, const Json *value,
                           const ReadObject *object) {
    static const char *const words[] = {"sha256", "sha1", "sha512"};

    (void)object;
    read_word(build, place, value, words, ARRAY_SIZE(words));
}

static void read_tolerance(Build *build, const Place *place, const Json *value,
                           const ReadObject *object) {
    static const ReadKey range = {.low = 1, .high = 86400};
    int64_t seconds;

    (void)object;
    read_number(build, place, value, &range, &seconds);
}

static const ReadKey signature_keys[] = {
    {.key = "scheme",
     .type = READ_PART,
     .read = read_scheme,
     .json = STRING,
     .required = READ_ALWAYS},
    {.key = "secretVariable", TEXT},
    {.key = "header", TEXT},
    {.key = "prefix", TEXT},
    {.key = "template", TEXT},
    {.key = "timestampHeader", TEXT},
    {.key = "idHeader", TEXT},
    {.key = "encoding", .type = READ_PART, .read = read_encoding, .json = STRING},
    {.key = "algorithm", .type = READ_PART, .read = read_algorithm, .json = STRING},
    {.key = "toleranceSeconds",
     .type = READ_PART,
     .read = read_tolerance,
     .json = IS(JSON_NUMBER)},
};

/* A signature that cannot be checked would let everybody in, or nobody. */
static void check_signature(Build *build, const Place *place, const Json *value) {
    Str scheme = json_str(json_member(value, STR("scheme")));

    if (scheme.length == 0 || str_is(scheme, "none"))
        return;
    if (json_member(value, STR("secretVariable")) == NULL)
        build_complain(build, PROBLEM_MISSING_KEY, place,
                       "the scheme %s needs `secretVariable`, the key of a SECRET variable",
                       text_shown(build->arena, scheme));
    if (str_is(scheme, "hmac") && json_member(value, STR("header")) == NULL)
        build_complain(build, PROBLEM_MISSING_KEY, place,
                       "the scheme hmac needs `header`, the name of the header that carries the "
                       "signature");
}

static void read_signature(Build *build, const Place *place, const Json *value,
                           const ReadObject *object) {
    TextParts parts;
    ReadObject signature = {
        .keys = signature_keys,
        .key_count = ARRAY_SIZE(signature_keys),
        .name = "signature",
        .into = &parts,
        .node = object->node,
    };

    read_object(build, place, value, &signature);
    check_signature(build, place, value);
}

static void read_response_status(Build *build, const Place *place, const Json *value,
                                 const ReadObject *object) {
    static const ReadKey range = {.low = 200, .high = 299};
    int64_t status;

    (void)object;
    read_number(build, place, value, &range, &status);
}

static const ReadKey response_keys[] = {
    {.key = "status",
     .type = READ_PART,
     .read = read_response_status,
     .json = IS(JSON_NUMBER)},
    {.key = "headers", .type = READ_CARRIED},
    {.key = "body", .type = READ_CARRIED},
};

static void read_response(Build *build, const Place *place, const Json *value,
                          const ReadObject *object) {
    ReadObject response = {
        .keys = response_keys,
        .key_count = ARRAY_SIZE(response_keys),
        .name = "response",
        .into = object->into,
        .node = object->node,
    };

    read_object(build, place, value, &response);
}

static bool is_path_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '-' || c == '.' || c == '~';
}

/* Parts of unreserved letters between single slashes: what every HTTP client sends unchanged. */
static bool is_path(Str path) {
    bool was_slash = true;

    for (size_t i = 0; i < path.length; i++) {
        bool is_slash = path.data[i] == '/';

        if ((is_slash && was_slash) || (!is_slash && !is_path_letter(path.data[i])))
            return false;
        was_slash = is_slash;
    }
    return path.length > 0 && path.length <= WEBHOOK_PATH_BYTES_MAX && !was_slash;
}

static void read_path(Build *build, const Place *place, const Json *value,
                      const ReadObject *object) {
    (void)object;
    if (!is_path(json_str(value)))
        build_complain(build, PROBLEM_INVALID_VALUE, place,
                       "a path is 1 to %d letters, digits, '-', '_', '.', '~', in parts between "
                       "single slashes and without one at its ends, not `%s`",
                       WEBHOOK_PATH_BYTES_MAX, text_shown(build->arena, json_str(value)));
}

static const ReadKey webhook_keys[] = {
    {.key = "path", .type = READ_PART, .read = read_path, .json = STRING},
    {.key = "signature", .type = READ_PART, .read = read_signature, .json = OBJECT},
    {.key = "response", .type = READ_PART, .read = read_response, .json = OBJECT},
};

/* SCHEDULED, EVENT, MANUAL -------------------------------------------------------------------- */

static const ReadKey scheduled_keys[] = {
    {.key = "timezone", .type = READ_TEXT, .at = AT(timezone)},
    {.key = "overlap", .type = READ_RESERVED},
    {.key = "catchupWindowMs", .type = READ_RESERVED},
};

static void read_filter(Build *build, const Place *place, const Json *value,
                        const ReadObject *object) {
    PlanTrigger *trigger = object->into;

    trigger->filter = build_expr(build, place, value, PLAN_NONE, SEES_OTHER);
}

static void read_event_text(Build *build, const Place *place, const Json *value,
                            const ReadObject *object) {
    (void)object;
    if (json_str(value).length == 0)
        build_complain(build, PROBLEM_INVALID_VALUE, place, "this must not be empty");
}

#define EVENT_TEXT .type = READ_PART, .read = read_event_text, .json = STRING

static const ReadKey event_keys[] = {
    {.key = "eventType", EVENT_TEXT, .required = READ_ALWAYS},
    {.key = "topic", EVENT_TEXT},
    {.key = "source", EVENT_TEXT},
    {.key = "subject", EVENT_TEXT},
    {.key = "filter", .type = READ_PART, .read = read_filter, .json = STRING},
};

static const ReadKey manual_keys[] = {{.key = "inputSchema", .type = READ_RESERVED}};

typedef struct ConfigTable {
    const ReadKey *keys;
    size_t key_count;
} ConfigTable;

#define TABLE(keys) {keys, ARRAY_SIZE(keys)}

static const ConfigTable tables[_TRIGGER_TYPE_COUNT] = {
    [TRIGGER_WEBHOOK] = TABLE(webhook_keys),
    [TRIGGER_SCHEDULED] = TABLE(scheduled_keys),
    [TRIGGER_EVENT] = TABLE(event_keys),
    [TRIGGER_MANUAL] = TABLE(manual_keys),
};

static void read_config(Build *build, const Place *place, const Json *value,
                        const ReadObject *object) {
    PlanTrigger *trigger = object->into;
    const ConfigTable *table = &tables[trigger->type];
    ReadObject config = {
        .keys = table->keys,
        .key_count = table->key_count,
        .name = arena_printf(&build->scratch, "the config of a %s trigger",
                             trigger_type_word(trigger->type)),
        .into = trigger,
        .node = object->node,
    };

    trigger->config = value;
    if (object->kind != 0 && table->keys != NULL)
        read_object(build, place, value, &config);
}

/* All --------------------------------------------------------------------------------------- */

static void read_trigger_id(Build *build, const Place *place, const Json *value,
                            const ReadObject *object) {
    PlanTrigger *trigger = object->into;
    Str id = read_id(build, place, value);

    if (id.length > 0 && plan_find_trigger(build->plan, id) != PLAN_NONE)
        build_complain(build, PROBLEM_DUPLICATE_ID, place, "another trigger has the id `%s`",
                       text_shown(build->arena, id));
    trigger->id = id;
}

static void read_cron(Build *build, const Place *place, const Json *value,
                      const ReadObject *object) {
    PlanTrigger *trigger = object->into;

    trigger->cron = json_str(value);
    if (str_trim(trigger->cron).length == 0)
        build_complain(build, PROBLEM_INVALID_VALUE, place,
                       "a cron expression has 5 or 6 fields, like `0 3 * * *`");
}

static void read_trigger_next(Build *build, const Place *place, const Json *value,
                              const ReadObject *object) {
    read_wires(build, place, value, (WirePort){.from = object->node, .kind = PORT_TRIGGER});
}

static const ReadKey trigger_keys[] = {
    {.key = "id",
     .type = READ_PART,
     .read = read_trigger_id,
     .json = STRING,
     .required = READ_ALWAYS},
    {.key = "type", .type = READ_CARRIED, .required = READ_ALWAYS},
    {.key = "name", .type = READ_TEXT, .at = AT(name)},
    {.key = "description", .type = READ_CARRIED},
    {.key = "position", .type = READ_CARRIED},
    {.key = "metadata", .type = READ_CARRIED},
    {.key = "config",
     .type = READ_PART,
     .read = read_config,
     .json = OBJECT,
     .required = IS(TRIGGER_EVENT)},
    {.key = "cronExpression",
     .type = READ_PART,
     .read = read_cron,
     .json = STRING,
     .kinds = IS(TRIGGER_SCHEDULED),
     .required = IS(TRIGGER_SCHEDULED)},
    {.key = "nextSteps", .type = READ_PART, .read = read_trigger_next, .json = ARRAY},
    {.key = "integrationId", .type = READ_RESERVED},
    {.key = "integrationEventId", .type = READ_RESERVED},
};

static uint32_t read_type(Build *build, const Place *trigger, const Json *value,
                          TriggerType *ret_type) {
    const Json *type = json_member(value, STR("type"));
    Place place = place_key(trigger, STR("type"));
    TriggerType found;

    if (type == NULL || !read_is(build, &place, type, STRING))
        return 0;
    if (!trigger_type_from_word(json_str(type), &found)) {
        build_complain(build, PROBLEM_UNKNOWN_TRIGGER_TYPE, &place,
                       "`%s` is no trigger type; there are WEBHOOK, SCHEDULED, EVENT and MANUAL",
                       text_shown(build->arena, json_str(type)));
        return 0;
    }
    *ret_type = found;
    if (found == TRIGGER_POLLING)
        build_complain(build, PROBLEM_UNSUPPORTED_TRIGGER_TYPE, &place,
                       "POLLING is reserved and does not work yet");
    return IS(found);
}

static void read_trigger(Build *build, const Place *place, const Json *value, uint32_t index) {
    PlanTrigger *trigger = &build->plan->triggers[index];
    ReadObject reading = {
        .keys = trigger_keys,
        .key_count = ARRAY_SIZE(trigger_keys),
        .name = "a trigger",
        .kind_word = type_word,
        .into = trigger,
        .node = index,
    };

    trigger->timezone = TIMEZONE_DEFAULT;
    if (!read_is(build, place, value, OBJECT))
        return;
    reading.kind = read_type(build, place, value, &trigger->type);
    if (reading.kind != 0)
        reading.name = arena_printf(&build->scratch, "a trigger of type %s",
                                    trigger_type_word(trigger->type));
    read_object(build, place, value, &reading);
    if (trigger->name.length == 0)
        trigger->name = trigger->id;
}

void read_triggers(Build *build, const Place *place, const Json *value, const ReadObject *object) {
    Plan *plan = object->into;
    uint32_t count = MIN(value->count, (uint32_t)TRIGGERS_MAX);

    if (value->count > count)
        build_complain(build, PROBLEM_LIMIT_EXCEEDED, place,
                       "a definition has at most %d triggers, this has %u", TRIGGERS_MAX,
                       value->count);
    plan->triggers = arena_zero(&plan->arena, MAX(count, 1u) * sizeof *plan->triggers);
    for (uint32_t i = 0; i < count; i++) {
        Place at = place_index(place, i);

        plan->trigger_count = i + 1;
        read_trigger(build, &at, json_at(value, i), i);
    }
}
