/* Lists of step ids: nextSteps and its kin, and onErrorSteps with what each entry catches. */

#include "common/base/check.h"
#include "common/model/limits.h"
#include "common/plan/read.h"

#define WIRES_FIRST 64u
#define STATUS_HIGHEST 599

static void keep_wire(Build *build, const Place *place, Wire wire) {
    if (build->wire_count == EDGES_MAX) {
        if (!build->is_wired_full)
            build_complain(build, PROBLEM_LIMIT_EXCEEDED, place,
                           "a definition has at most %d edges; this is one more", EDGES_MAX);
        build->is_wired_full = true;
        return;
    }
    if (build->wire_count == build->wire_capacity) {
        uint32_t capacity = MAX(build->wire_capacity * 2, WIRES_FIRST);

        build->wires = arena_grow(&build->scratch, build->wires, build->wire_count * sizeof wire,
                                  capacity * sizeof wire);
        build->wire_capacity = capacity;
    }
    build->wires[build->wire_count++] = wire;
}

void read_wire(Build *build, const Place *place, const Json *value, WirePort port) {
    Wire wire = {
        .from = port.from,
        .to = PLAN_NONE,
        .port = port.kind,
        .port_index = port.index,
        .target = json_str(value),
    };

    if (!read_is(build, place, value, IS(JSON_STRING)))
        return;
    wire.pointer = place_pointer(&build->scratch, place);
    keep_wire(build, place, wire);
}

void read_wires(Build *build, const Place *place, const Json *value, WirePort port) {
    if (!read_is(build, place, value, IS(JSON_ARRAY)))
        return;
    for (uint32_t i = 0; i < value->count; i++) {
        Place at = place_index(place, i);

        read_wire(build, &at, json_at(value, i), port);
    }
}

/* One entry of onErrorSteps as it is read. */
typedef struct ErrorEntry {
    PlanMatch *match;
    int64_t status;
    WirePort port;
} ErrorEntry;

#define AT(member) offsetof(ErrorEntry, member)

/* "HTTP_5XX" is a bit, "USER:card_declined" one more text to compare. */
static void read_error_type(Build *build, const Place *place, const Json *value, PlanMatch *match) {
    Str word = json_str(value);
    ErrorType type;

    if (!read_is(build, place, value, IS(JSON_STRING)))
        return;
    if (error_type_from_word(word, &type)) {
        match->types |= IS(type);
        return;
    }
    if (str_starts(word, STR("USER:")) && word.length > sizeof "USER:" - 1) {
        Str *types = arena_alloc(&build->plan->arena, (match->user_type_count + 1) * sizeof *types);

        for (uint32_t i = 0; i < match->user_type_count; i++)
            types[i] = match->user_types[i];
        types[match->user_type_count++] = word;
        match->user_types = types;
        return;
    }
    build_complain(build, PROBLEM_INVALID_VALUE, place,
                   "`%s` is no type of error; write one like HTTP_5XX, TIMEOUT or USER:code",
                   text_shown(build->arena, word));
}

static void read_match_types(Build *build, const Place *place, const Json *value,
                             const ReadObject *object) {
    ErrorEntry *entry = object->into;

    if (value->count == 0 || value->count > _ERROR_TYPE_COUNT * 2u) {
        build_complain(build, PROBLEM_INVALID_VALUE, place, "name 1 to %u types of error, not %u",
                       _ERROR_TYPE_COUNT * 2u, value->count);
        return;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        Place at = place_index(place, i);

        read_error_type(build, &at, json_at(value, i), entry->match);
    }
}

static void read_match_expr(Build *build, const Place *place, const Json *value,
                            const ReadObject *object) {
    ErrorEntry *entry = object->into;

    entry->match->expr = build_expr(build, place, value, object->node, SEES_OTHER);
}

static const ReadKey match_keys[] = {
    KEY_PART("types", READ_ALL, READ_NOBODY, IS(JSON_ARRAY), read_match_types),
    KEY_NUMBER("status", READ_ALL, AT(status), 100, STATUS_HIGHEST),
    KEY_PART("expr", READ_ALL, READ_NOBODY, IS(JSON_STRING), read_match_expr),
};

static void read_match(Build *build, const Place *place, const Json *value,
                       const ReadObject *object) {
    ReadObject match = {
        .keys = match_keys,
        .key_count = ARRAY_SIZE(match_keys),
        .name = "match",
        .into = object->into,
        .node = object->node,
    };
    ErrorEntry *entry = object->into;

    read_object(build, place, value, &match);
    entry->match->status = (uint32_t)entry->status;
}

static void read_entry_step(Build *build, const Place *place, const Json *value,
                            const ReadObject *object) {
    ErrorEntry *entry = object->into;

    read_wire(build, place, value, entry->port);
}

static const ReadKey entry_keys[] = {
    KEY_PART("stepId", READ_ALL, READ_ALWAYS, IS(JSON_STRING), read_entry_step),
    KEY_PART("match", READ_ALL, READ_NOBODY, IS(JSON_OBJECT), read_match),
};

static bool is_plain(const Json *entry) {
    return json_is(entry, JSON_STRING) ||
           (json_is(entry, JSON_OBJECT) && json_member(entry, STR("match")) == NULL);
}

static void read_entry(Build *build, const Place *place, const Json *value,
                       const ReadObject *entry) {
    const ErrorEntry *at = entry->into;

    if (!read_is(build, place, value, IS(JSON_STRING) | IS(JSON_OBJECT)))
        return;
    if (json_is(value, JSON_STRING))
        read_wire(build, place, value, at->port);
    else
        read_object(build, place, value, entry);
}

/* A run of entries without a match shares one port: all of them are taken together. */
void read_on_error(Build *build, const Place *place, const Json *value, const ReadObject *object) {
    PlanNode *node = object->into;
    PlanMatch *matches = arena_zero(&build->plan->arena, MAX(value->count, 1u) * sizeof *matches);
    bool was_plain = false;

    node->error_match = matches;
    for (uint32_t i = 0; i < value->count; i++) {
        const Json *entry = json_at(value, i);
        Place at = place_index(place, i);
        uint32_t port = was_plain && is_plain(entry) ? node->error_count - 1 : node->error_count++;
        ErrorEntry into = {
            .match = &matches[port],
            .port = {.from = object->node, .kind = PORT_ERROR, .index = port},
        };
        ReadObject reading = {
            .keys = entry_keys,
            .key_count = ARRAY_SIZE(entry_keys),
            .name = "an entry of onErrorSteps",
            .into = &into,
            .node = object->node,
        };

        was_plain = is_plain(entry);
        read_entry(build, &at, entry, &reading);
    }
}
