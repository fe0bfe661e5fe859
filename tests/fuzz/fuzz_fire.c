/*
 * Any bytes as what the world sends: lines "name: value" are headers, the rest is the body. Read as
 * a webhook and as a record of a topic; what is told of either is JSON that can be stored.
 */

#include "common/base/check.h"
#include "common/base/defs.h"
#include "common/json/storable.h"
#include "tests/fuzz/fuzz.h"
#include "trigger-gateway/fire/cloudevent.h"
#include "trigger-gateway/fire/dedupe.h"
#include "trigger-gateway/fire/webhook_scope.h"

#define HEADERS_MAX 16

static void check_storable(Arena *arena, Str text) {
    Json value;

    CHECK(json_parse(arena, text, JSON_LIMITS_DEFAULT, &value, NULL) == 0);
    CHECK(json_storable(text, NULL) == 0);
}

static void as_webhook(Arena *arena, Fields fields, Str body) {
    WebhookRequest request = {
        .method = STR("POST"), .path = body, .headers = fields, .query = fields, .body = body};
    WebhookMistake mistake = {0};
    WebhookBody read;
    Str scope;
    int r = webhook_body(&request, arena, &read, &mistake);

    if (r == 0)
        r = webhook_scope(&request, &read, arena, &scope, &mistake);
    CHECK((r != 0) == (mistake.what != NULL));
    if (r)
        return;
    check_storable(arena, scope);
    dedupe_id(&(Delivery){.scheme = STR("stripe"), .headers = fields, .body = &read.value}, arena);
}

static void as_record(Arena *arena, Fields fields, Str body) {
    EventRecord record = {.topic = STR("orders"), .value = body, .key = body, .headers = fields};
    CloudEvent event;
    Str why = STR_NONE;
    int r = cloudevent_read(&record, arena, &event, &why);

    CHECK((r != 0) == (why.length > 0));
    if (r == 0)
        check_storable(arena, event.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_(arena_done) Arena arena = {0};
    Str rest = str_from((const char *)bytes, size);
    Field items[HEADERS_MAX];
    Fields fields = {items, 0};

    while (rest.length > 0 && fields.count < HEADERS_MAX) {
        Str line = str_split(&rest, '\n');

        if (line.length == 0)
            break;
        items[fields.count].name = str_split(&line, ':');
        items[fields.count++].value = str_trim(line);
    }
    as_webhook(&arena, fields, rest);
    as_record(&arena, fields, rest);
    return 0;
}
