#pragma once

/*
 * Id: one struct type per kind of id, so that a tenant cannot be passed as an execution.
 *
 * Every id is 16 bytes. Execution ids are UUID version 8: 48 bits of the event's acceptance time in
 * ms and 74 bits of a hash of (tenant, template, trigger, event id); the same event gives the same
 * id for ever. Step instances are hashes of (execution, step id, scope, visit). Other rows carry
 * UUID version 7, made from a given time and given random bytes.
 *
 * Text form: 36 lower-case characters, 8-4-4-4-12.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/str.h"

#define UUID_BYTES 16
#define UUID_TEXT_BYTES 37 /* with the NUL */
#define UUID_RANDOM_BYTES 10

typedef struct Uuid {
    uint8_t bytes[UUID_BYTES];
} Uuid;

#define ID_KIND(Kind)                                                                              \
    typedef struct Kind {                                                                          \
        Uuid uuid;                                                                                 \
    } Kind

ID_KIND(TenantId);
ID_KIND(TemplateId);
ID_KIND(VersionId);
ID_KIND(ExecutionId);
ID_KIND(StepInstanceId);
ID_KIND(ConnectionId);

typedef struct UuidText {
    char text[UUID_TEXT_BYTES];
} UuidText;

UuidText uuid_text(Uuid uuid);
bool uuid_from_text(Str text, Uuid *ret_uuid);   /* 36 characters, any case */
bool uuid_from_bytes(Str bytes, Uuid *ret_uuid); /* exactly 16 bytes */
Str uuid_bytes(const Uuid *uuid);                /* borrowed */

bool uuid_equal(Uuid a, Uuid b);
bool uuid_is_zero(Uuid uuid);
int uuid_compare(Uuid a, Uuid b);

/* The 48 bits of time that versions 7 and 8 start with. */
int64_t uuid_time_ms(Uuid uuid);

Uuid uuid_v7(int64_t now_ms, const uint8_t random[UUID_RANDOM_BYTES]);

typedef struct ExecutionOrigin {
    int64_t accepted_ms;
    TenantId tenant;
    TemplateId template_id;
    Str trigger; /* trigger id, or "manual" */
    Str event;   /* the event's id within the trigger */
} ExecutionOrigin;

ExecutionId execution_id(const ExecutionOrigin *origin);

/* The time-free part: equal for every delivery of one event. Key of headrace.execution_key. */
Uuid execution_key(const ExecutionOrigin *origin);

StepInstanceId step_instance_id(ExecutionId execution, Str step, Str scope, uint32_t visit);
