#pragma once

/*
 * Topics: which event topics belong to which tenant, as the operator says; never what a record
 * says. "orders=acme, payments=acme, telemetry=0198…": topic=tenant, tenant by name or id.
 */

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/str.h"

enum { TOPICS_E_INVALID = 1 }; /* the message names the part and what is right */

#define TOPICS_MAX 256 /* more topics in one consumer group want a second one */

typedef struct Topics {
    const char *names[TOPICS_MAX];
    Str tenants[TOPICS_MAX]; /* of the topic of the same number */
    uint32_t count;
} Topics;

int topics_read(Str text, Arena *arena, Topics *ret_topics, Buf *ret_message);

/* Number of a topic, or count. */
uint32_t topics_find(const Topics *topics, Str name);
