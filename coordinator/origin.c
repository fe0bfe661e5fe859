/* What follows from the event that started an execution. */

#include "coordinator/origin.h"

#include "common/json/json.h"
#include "common/model/limits.h"

Uuid origin_key(ExecutionId execution) {
    Uuid key = execution.uuid;

    for (int i = 0; i < 6; i++)
        key.bytes[i] = 0;
    return key;
}

bool origin_has_key(TriggerType type) {
    return type == TRIGGER_WEBHOOK || type == TRIGGER_MANUAL;
}

uint64_t origin_seed(ExecutionId execution) {
    uint64_t seed = 0;

    for (int i = 6; i < UUID_BYTES; i++)
        seed = seed << 8 ^ execution.uuid.bytes[i] ^ seed >> 56;
    return seed;
}

Str origin_input(Arena *arena, Str trigger, Str input) {
    JsonLimits limits = {
        .bytes_max = trigger.length, .depth_max = JSON_DEPTH_MAX, .nodes_max = JSON_NODES_MAX};
    const Json *body;
    Json value;

    if (input.length > 0)
        return input;
    if (json_parse(arena, trigger, limits, &value, NULL))
        return STR("null");
    body = json_member(&value, STR("body"));
    if (body == NULL)
        body = json_member(&value, STR("data"));
    return body == NULL ? STR("null") : json_text(arena, body);
}
