#pragma once

/*
 * Match: whether an event concerns a trigger. All parts that the trigger names must fit; its filter
 * is asked last, and sees the event as `.`.
 */

#include "common/expr/expr.h"
#include "trigger-gateway/fire/cloudevent.h"

typedef struct EventRule {
    Str type;           /* "com.example.order.created", or with a `*` at its end: a prefix */
    Str topic;          /* none: any */
    Str source;         /* none: any */
    Str subject;        /* none: any */
    const Expr *filter; /* NULL: none */
} EventRule;

typedef enum MatchVerdict {
    MATCH_NO,
    MATCH_YES,
    MATCH_BROKEN, /* the filter failed, or answered with no boolean: like no, and to be told */
} MatchVerdict;

MatchVerdict match_event(const EventRule *rule, const EventRecord *record, const CloudEvent *event,
                         Arena *arena);
