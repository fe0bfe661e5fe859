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

typedef enum Scheme {
    SCHEME_GITHUB,
    SCHEME_STRIPE,
    SCHEME_SLACK,
    SCHEME_STANDARD,
    SCHEME_HMAC,
    SCHEME_NONE,
    _SCHEME_COUNT,
} Scheme;

static const char *const schemes[_SCHEME_COUNT] = {
    [SCHEME_GITHUB] = "github",     [SCHEME_STRIPE] = "stripe", [SCHEME_SLACK] = "slack",
    [SCHEME_STANDARD] = "standard", [SCHEME_HMAC] = "hmac",     [SCHEME_NONE] = "none",
};

#define SIGNED (IS(SCHEME_NONE) - 1)
#define HMAC IS(SCHEME_HMAC)
#define TIMED (SIGNED & ~IS(SCHEME_GITHUB))

static const char *scheme_word(uint32_t kind) {
    return kind < _SCHEME_COUNT ? schemes[kind] : "";
}

static void read_scheme(Build *build, const Place *place, const Json *value,
                        const ReadObject *object) {
    (void)object;
    read_word(build, place, value, schemes, ARRAY_SIZE(schemes));
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
    KEY_PART("scheme", READ_ALL, READ_ALWAYS, STRING, read_scheme),
    KEY_TEXT("secretVariable", SIGNED, SIGNED, offsetof(TextParts, text)),
    KEY_TEXT("header", HMAC, HMAC, offsetof(TextParts, text)),
    KEY_TEXT("prefix", HMAC, READ_NOBODY, offsetof(TextParts, text)),
    KEY_TEXT("template", HMAC, READ_NOBODY, offsetof(TextParts, text)),
    KEY_TEXT("timestampHeader", HMAC, READ_NOBODY, offsetof(TextParts, text)),
    KEY_TEXT("idHeader", HMAC, READ_NOBODY, offsetof(TextParts, text)),
    KEY_PART("encoding", HMAC, READ_NOBODY, STRING, read_encoding),
    KEY_PART("algorithm", HMAC, READ_NOBODY, STRING, read_algorithm),
    KEY_PART("toleranceSeconds", TIMED, READ_NOBODY, IS(JSON_NUMBER), read_tolerance),
};

/* A scheme that is unknown is told by its key; then every other key is let through. */
static uint32_t scheme_kind(const Json *signature) {
    Str word = json_str(json_member(signature, STR("scheme")));

    for (uint32_t i = 0; i < _SCHEME_COUNT; i++) {
        if (str_is(word, schemes[i]))
            return IS(i);
    }
    return 0;
}

static void read_signature(Build *build, const Place *place, const Json *value,
                           const ReadObject *object) {
    uint32_t kind = scheme_kind(value);
    TextParts parts;
    ReadObject signature = {
        .keys = signature_keys,
        .key_count = ARRAY_SIZE(signature_keys),
        .name = kind == 0 ? "signature"
                          : arena_printf(&build->scratch, "a signature of scheme %s",
                                         text_shown(&build->scratch,
                                                    json_str(json_member(value, STR("scheme"))))),
        .kind = kind,
        .kind_word = scheme_word,
        .into = &parts,
        .node = object->node,
    };

    read_object(build, place, value, &signature);
}

static void read_response_status(Build *build, const Place *place, const Json *value,
                                 const ReadObject *object) {
    static const ReadKey range = {.low = 200, .high = 299};
    int64_t status;

    (void)object;
    read_number(build, place, value, &range, &status);
}

static const ReadKey response_keys[] = {
    KEY_PART("status", READ_ALL, READ_NOBODY, IS(JSON_NUMBER), read_response_status),
    KEY_RESERVED("headers"),
    KEY_CARRIED("body", READ_ALL, READ_NOBODY),
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
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '~';
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
    KEY_PART("path", READ_ALL, READ_NOBODY, STRING, read_path),
    KEY_PART("signature", READ_ALL, READ_NOBODY, OBJECT, read_signature),
    KEY_PART("response", READ_ALL, READ_NOBODY, OBJECT, read_response),
};

/* SCHEDULED, EVENT, MANUAL -------------------------------------------------------------------- */

static void read_timezone(Build *build, const Place *place, const Json *value,
                          const ReadObject *object) {
    const PlanCatalog *catalog = build->catalog;
    PlanTrigger *trigger = object->into;

    trigger->timezone = json_str(value);
    if (catalog != NULL && catalog->has_timezone != NULL &&
        !catalog->has_timezone(catalog->context, trigger->timezone))
        build_complain(build, PROBLEM_INVALID_TIMEZONE, place,
                       "there is no time zone `%s`; write one like Europe/Berlin",
                       text_shown(build->arena, trigger->timezone));
}

static void read_catch_up(Build *build, const Place *place, const Json *value,
                          const ReadObject *object) {
    static const char *const words[] = {"skip", "one", "all"};

    (void)object;
    read_word(build, place, value, words, ARRAY_SIZE(words));
}

static const ReadKey scheduled_keys[] = {
    KEY_PART("timezone", READ_ALL, READ_NOBODY, STRING, read_timezone),
    KEY_PART("catchUp", READ_ALL, READ_NOBODY, STRING, read_catch_up),
    KEY_RESERVED("overlap"),
    KEY_RESERVED("catchupWindowMs"),
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

static const ReadKey event_keys[] = {
    KEY_PART("eventType", READ_ALL, READ_ALWAYS, STRING, read_event_text),
    KEY_PART("topic", READ_ALL, READ_NOBODY, STRING, read_event_text),
    KEY_PART("source", READ_ALL, READ_NOBODY, STRING, read_event_text),
    KEY_PART("subject", READ_ALL, READ_NOBODY, STRING, read_event_text),
    KEY_PART("filter", READ_ALL, READ_NOBODY, STRING, read_filter),
};

static const ReadKey manual_keys[] = {
    KEY_RESERVED("inputSchema"),
};

typedef struct ConfigTable {
    const ReadKey *keys;
    size_t key_count;
} ConfigTable;

#define TABLE(keys)                                                                                \
    { keys, ARRAY_SIZE(keys) }

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
        .name = arena_printf(&build->scratch, "the config of a trigger of type %s",
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
    const PlanCatalog *catalog = build->catalog;
    PlanTrigger *trigger = object->into;
    char message[PLAN_CRON_MESSAGE_BYTES] = "";

    trigger->cron = json_str(value);
    if (str_trim(trigger->cron).length == 0)
        build_complain(build, PROBLEM_INVALID_CRON, place,
                       "a cron expression has 5 or 6 fields, like `0 3 * * *`");
    else if (catalog != NULL && catalog->parses_cron != NULL &&
             !catalog->parses_cron(catalog->context, trigger->cron, message))
        build_complain(build, PROBLEM_INVALID_CRON, place, "%s", message);
}

static void read_trigger_next(Build *build, const Place *place, const Json *value,
                              const ReadObject *object) {
    read_wires(build, place, value, (WirePort){.from = object->node, .kind = PORT_TRIGGER});
}

static const ReadKey trigger_keys[] = {
    KEY_PART("id", READ_ALL, READ_ALWAYS, STRING, read_trigger_id),
    KEY_CARRIED("type", READ_ALL, READ_ALWAYS),
    KEY_TEXT("name", READ_ALL, READ_NOBODY, AT(name)),
    KEY_CARRIED("description", READ_ALL, READ_NOBODY),
    KEY_CARRIED("position", READ_ALL, READ_NOBODY),
    KEY_CARRIED("metadata", READ_ALL, READ_NOBODY),
    KEY_PART("config", READ_ALL, IS(TRIGGER_EVENT), OBJECT, read_config),
    KEY_PART("cronExpression", IS(TRIGGER_SCHEDULED), IS(TRIGGER_SCHEDULED), STRING, read_cron),
    KEY_PART("nextSteps", READ_ALL, READ_NOBODY, ARRAY, read_trigger_next),
    KEY_RESERVED("integrationId"),
    KEY_RESERVED("integrationEventId"),
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
        reading.name =
            arena_printf(&build->scratch, "a trigger of type %s", trigger_type_word(trigger->type));
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
