#pragma once

/*
 * What the message files of this room share: memory for unpacking, and checked fields.
 *
 * protobuf-c allocates while it unpacks. Its allocator takes from the arena and fails once a
 * message has used far more memory than its size can need, so a small message cannot grow into a
 * large tree.
 */

#include <protobuf-c/protobuf-c.h>

#include "common/wire/wire.h"

typedef struct WireMemory {
    ProtobufCAllocator allocator;
    Arena *arena;
    size_t left_bytes;
} WireMemory;

/* NULL too when the bytes are too many; *ret_r says why. */
ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *type, Str bytes, WireMemory *memory,
                              Arena *arena, int *ret_r);

/* Packs into the buffer. */
void wire_pack(Buf *buf, const ProtobufCMessage *message);

ProtobufCBinaryData wire_bytes(Str text); /* borrowed */
ProtobufCBinaryData wire_uuid(const Uuid *uuid);
Str wire_str(ProtobufCBinaryData field);

/* false: not 16 bytes. An empty field is the zero id where is_optional. */
bool wire_read_uuid(ProtobufCBinaryData field, bool is_optional, Uuid *ret_uuid);

/* 0, or the refusal of a message whose schema this reader cannot take. */
int wire_check_schema(uint32_t schema, uint32_t min_reader);
