/* Memory and fields that all messages share. */

#include "common/wire/wire.h"

#include "common/base/check.h"
#include "common/model/limits.h"
#include "common/wire/wire_private.h"

/* A repeated message of no bytes costs two bytes on the wire and a struct in memory. */
#define MEMORY_FACTOR 8
#define MEMORY_BYTES_MIN (64u << 10)

static void *memory_take(void *context, size_t bytes) {
    WireMemory *memory = context;

    if (bytes > memory->left_bytes)
        return NULL;
    memory->left_bytes -= bytes;
    return arena_alloc(memory->arena, bytes);
}

static void memory_give(void *context, void *pointer) {
    (void)context;
    (void)pointer; /* the arena is given back as a whole */
}

ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *type, Str bytes, WireMemory *memory,
                              Arena *arena, int *ret_r) {
    ProtobufCMessage *message;

    if (bytes.length > MESSAGE_BYTES_MAX) {
        *ret_r = WIRE_E_TOO_LARGE;
        return NULL;
    }
    *memory = (WireMemory){
        .allocator = {.alloc = memory_take, .free = memory_give, .allocator_data = memory},
        .arena = arena,
        .left_bytes = MAX(bytes.length * MEMORY_FACTOR, (size_t)MEMORY_BYTES_MIN),
    };
    message = protobuf_c_message_unpack(type, &memory->allocator, bytes.length,
                                        (const uint8_t *)(bytes.data ? bytes.data : ""));
    if (message == NULL)
        *ret_r = WIRE_E_BROKEN;
    return message;
}

void wire_pack(Buf *buf, const ProtobufCMessage *message) {
    size_t length = protobuf_c_message_get_packed_size(message);
    char *to = buf_reserve(buf, length);

    CHECK(protobuf_c_message_pack(message, (uint8_t *)to) == length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

ProtobufCBinaryData wire_bytes(Str text) {
    return (ProtobufCBinaryData){.len = text.length, .data = (uint8_t *)text.data};
}

ProtobufCBinaryData wire_uuid(const Uuid *uuid) {
    return wire_bytes(uuid_bytes(uuid));
}

Str wire_str(ProtobufCBinaryData field) {
    return field.len ? str_from((const char *)field.data, field.len) : STR_NONE;
}

bool wire_read_uuid(ProtobufCBinaryData field, bool is_optional, Uuid *ret_uuid) {
    if (is_optional && field.len == 0) {
        *ret_uuid = (Uuid){0};
        return true;
    }
    return uuid_from_bytes(wire_str(field), ret_uuid);
}

int wire_check_schema(uint32_t schema, uint32_t min_reader) {
    if (min_reader > WIRE_SCHEMA)
        return WIRE_E_NEWER;
    return schema == 0 ? WIRE_E_INVALID : 0;
}

const char *wire_refusal_word(int r) {
    static const char *const words[] = {
        [WIRE_E_BROKEN] = "BROKEN",
        [WIRE_E_TOO_LARGE] = "TOO_LARGE",
        [WIRE_E_INVALID] = "INVALID",
        [WIRE_E_NEWER] = "NEWER",
    };

    CHECK(r > 0 && (size_t)r < ARRAY_SIZE(words));
    return words[r];
}

uint32_t wire_home_partition(ExecutionId execution, uint32_t partition_count) {
    Str hash = str_from((const char *)execution.uuid.bytes + 8, 8);
    uint64_t number = 0;

    CHECK(partition_count > 0);
    /* The hash part of the id only: a second delivery may carry another time. */
    for (size_t i = 0; i < hash.length; i++)
        number = number << 8 | (unsigned char)hash.data[i];
    return (uint32_t)((number & 0x3fffffffffffffffu) % partition_count);
}
