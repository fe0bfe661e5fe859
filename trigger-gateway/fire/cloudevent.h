#pragma once

/*
 * Cloudevent: a record of a topic as an event.
 *
 *   binary      headers ce_id, ce_source, ce_type, …; the value is the data, JSON by the header
 *               content-type (or without one), text for text types, else data_base64
 *   structured  content-type: application/cloudevents+json; the value is the whole event
 *   plain       neither: a JSON value. Its id is topic-partition-offset, its source /kafka/TOPIC,
 *               its type the topic's name, its subject the record's key
 *
 * The event's id within a trigger is made of source and id: the same event sent again starts
 * nothing new, whatever its offset.
 */

#include "common/base/arena.h"
#include "common/json/json.h"
#include "trigger-gateway/fire/field.h"

enum {
    EVENT_E_UNREADABLE = 1, /* no JSON where there must be some */
    EVENT_E_INVALID,        /* not CloudEvents 1.0: an attribute is missing or wrong */
    EVENT_E_STORABLE,       /* JSON that the database would refuse */
    EVENT_E_TOO_LARGE,      /* more than a payload may have */
};

/* Longer attributes identify nothing. */
#define EVENT_ATTRIBUTE_BYTES_MAX 1024

typedef struct EventRecord {
    Str topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /* 0: none */
    Str key;
    Str value;
    Fields headers;
} EventRecord;

typedef struct CloudEvent {
    Str id;
    Str source;
    Str type;
    Str subject; /* or none */
    Str traceparent;
    Str key;    /* the event's id within a trigger */
    Json value; /* the event as `.trigger` and filters see it */
    Str text;   /* the same as text */
} CloudEvent;

/* Everything lives in the arena or is borrowed from the record. ret_why: static or in the arena. */
int cloudevent_read(const EventRecord *record, Arena *arena, CloudEvent *ret_event, Str *ret_why);

const char *cloudevent_refusal_word(int r); /* "UNREADABLE", … for dead letters */
