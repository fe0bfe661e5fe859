/* The operator's list of event topics. */

#include "trigger-gateway/topics.h"

#define NAME_BYTES_MAX 249 /* Kafka's own limit */

static bool is_topic_name(Str name) {
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!is_letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
            return false;
    }
    return name.length > 0 && name.length <= NAME_BYTES_MAX;
}

static int refuse(Buf *message, Str part, const char *why) {
    buf_printf(message, "events.topics: `%.*s`: %s", STR_ARGS(part), why);
    return TOPICS_E_INVALID;
}

static int add(Topics *topics, Str part, Arena *arena, Buf *message) {
    Str tenant = part;
    Str name = str_trim(str_split(&tenant, '='));

    tenant = str_trim(tenant);
    if (tenant.length == 0)
        return refuse(message, part, "write topic=tenant");
    if (!is_topic_name(name))
        return refuse(message, part, "a topic's name has letters, digits, '.', '_' and '-'");
    if (str_starts(name, STR("headrace.")))
        return refuse(message, part, "headrace's own topics carry no events of tenants");
    if (topics_find(topics, name) < topics->count)
        return refuse(message, part, "this topic is there already; it belongs to one tenant");
    if (topics->count == TOPICS_MAX)
        return refuse(message, part, "too many topics for one gateway");
    topics->names[topics->count] = str_c(arena, name);
    topics->tenants[topics->count++] = str_copy(arena, tenant);
    return 0;
}

int topics_read(Str text, Arena *arena, Topics *ret_topics, Buf *ret_message) {
    Topics topics = {.count = 0};
    Str rest = text;

    while (rest.data != NULL) {
        Str part = str_trim(str_split(&rest, ','));
        int r = part.length > 0 ? add(&topics, part, arena, ret_message) : 0;

        if (r)
            return r;
    }
    *ret_topics = topics;
    return 0;
}

uint32_t topics_find(const Topics *topics, Str name) {
    uint32_t number = 0;

    while (number < topics->count && !str_is(name, topics->names[number]))
        number++;
    return number;
}
