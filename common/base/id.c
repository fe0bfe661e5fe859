/* Ids are derived, never drawn, wherever something can be derived. */

#include "common/base/id.h"

#include <stdio.h>
#include <string.h>

#include "common/base/defs.h"
#include "common/base/hash.h"

UuidText uuid_text(Uuid uuid) {
    static const char digits[] = "0123456789abcdef";
    UuidText result;
    char *to = result.text;

    for (int i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[uuid.bytes[i] >> 4];
        *to++ = digits[uuid.bytes[i] & 15];
    }
    *to = '\0';
    return result;
}

static int digit_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool is_dash_place(size_t i) {
    return i == 8 || i == 13 || i == 18 || i == 23;
}

bool uuid_from_text(Str text, Uuid *ret_uuid) {
    Uuid uuid = {0};
    size_t nibble = 0;

    if (text.length != UUID_TEXT_BYTES - 1)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        int value = digit_value(text.data[i]);

        if (is_dash_place(i) != (text.data[i] == '-'))
            return false;
        if (text.data[i] == '-')
            continue;
        if (value < 0)
            return false;
        uuid.bytes[nibble / 2] |= (uint8_t)(nibble % 2 ? value : value << 4);
        nibble++;
    }
    *ret_uuid = uuid;
    return true;
}

bool uuid_from_bytes(Str bytes, Uuid *ret_uuid) {
    if (bytes.length != UUID_BYTES)
        return false;
    memcpy(ret_uuid->bytes, bytes.data, UUID_BYTES);
    return true;
}

Str uuid_bytes(const Uuid *uuid) {
    return str_from((const char *)uuid->bytes, UUID_BYTES);
}

bool uuid_equal(Uuid a, Uuid b) {
    return memcmp(a.bytes, b.bytes, UUID_BYTES) == 0;
}

bool uuid_is_zero(Uuid uuid) {
    return uuid_equal(uuid, (Uuid){0});
}

int uuid_compare(Uuid a, Uuid b) {
    return memcmp(a.bytes, b.bytes, UUID_BYTES);
}

int64_t uuid_time_ms(Uuid uuid) {
    int64_t ms = 0;

    for (int i = 0; i < 6; i++)
        ms = ms << 8 | uuid.bytes[i];
    return ms;
}

static void put_time(Uuid *uuid, int64_t ms) {
    for (int i = 0; i < 6; i++)
        uuid->bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
}

static void put_version(Uuid *uuid, uint8_t version) {
    uuid->bytes[6] = (uint8_t)((uuid->bytes[6] & 0x0f) | version << 4);
    uuid->bytes[8] = (uint8_t)((uuid->bytes[8] & 0x3f) | 0x80);
}

Uuid uuid_v7(int64_t now_ms, const uint8_t random[UUID_RANDOM_BYTES]) {
    Uuid uuid;

    memcpy(uuid.bytes + 6, random, UUID_RANDOM_BYTES);
    put_time(&uuid, now_ms);
    put_version(&uuid, 7);
    return uuid;
}

Uuid execution_key(const ExecutionOrigin *origin) {
    const Str pieces[] = {
        STR("headrace execution"),
        uuid_bytes(&origin->tenant.uuid),
        uuid_bytes(&origin->template_id.uuid),
        origin->trigger,
        origin->event,
    };
    Sha256 hash = sha256_of_pieces(pieces, ARRAY_SIZE(pieces));
    Uuid key = {0};

    memcpy(key.bytes + 6, hash.bytes, UUID_BYTES - 6);
    put_version(&key, 8);
    return key;
}

ExecutionId execution_id(const ExecutionOrigin *origin) {
    Uuid uuid = execution_key(origin);

    put_time(&uuid, origin->accepted_ms);
    return (ExecutionId){uuid};
}

StepInstanceId step_instance_id(ExecutionId execution, Str step, Str scope, uint32_t visit) {
    const unsigned char visit_bytes[] = {
        (unsigned char)(visit >> 24),
        (unsigned char)(visit >> 16),
        (unsigned char)(visit >> 8),
        (unsigned char)visit,
    };
    const Str pieces[] = {
        STR("headrace step"),
        uuid_bytes(&execution.uuid),
        step,
        scope,
        str_from((const char *)visit_bytes, sizeof visit_bytes),
    };
    Sha256 hash = sha256_of_pieces(pieces, ARRAY_SIZE(pieces));
    Uuid uuid;

    memcpy(uuid.bytes, hash.bytes, UUID_BYTES);
    put_version(&uuid, 8);
    return (StepInstanceId){uuid};
}
