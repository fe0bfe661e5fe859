#pragma once

/*
 * Json: a document as a tree in an arena.
 *
 * A value is 16 bytes and immutable once made; copying the struct shares its children, so building
 * new documents out of old ones is cheap. Number text is kept exactly as it was written while a
 * number is only carried; arithmetic makes numbers without text. Member order is kept; of duplicate
 * keys the last value wins, at the place of the first. Strings are UTF-8 and may hold NUL bytes.
 *
 * Words
 *   mistake   the first place where a text is not what it should be
 *   storable  accepted by PostgreSQL's jsonb too (see storable.h)
 *
 * Objects of many members that were parsed, copied or built with json_add() carry an index of their
 * keys: looking one up costs the same however many there are. Nothing here recurses, so depth is
 * bounded by memory only. A part that is shared counts each time it is reached: writing, copying
 * and comparing take as long as the written text would be.
 *
 * Ownership: everything lives in the arena it was made in, or in the text that was parsed (strings
 * without escapes and numbers point into it); both must outlive the tree.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/str.h"

enum {
    JSON_E_SYNTAX = 1, /* not RFC 8259, or not UTF-8 */
    JSON_E_DEPTH,      /* nested deeper than limits.depth_max */
    JSON_E_NODES,      /* more values than limits.nodes_max */
    JSON_E_BYTES,      /* longer than limits.bytes_max, or more than the arena's budget holds */
};

typedef enum JsonType {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
} JsonType; /* in the order in which jq sorts values */

typedef struct Json Json;
typedef struct JsonMember JsonMember;

struct Json {
    uint8_t type;     /* JsonType */
    bool is_computed; /* a number without text: `real` holds it */
    bool is_indexed;  /* an object whose keys are found without walking; set by this room only */
    uint32_t count;   /* elements of an array, members of an object, bytes of a string or number */
    union {
        const char *text;          /* string (decoded) or number (as written) */
        double real;               /* computed number */
        const Json *items;         /* array */
        const JsonMember *members; /* object */
    };
};

struct JsonMember {
    Str key;
    Json value;
};

typedef struct JsonLimits {
    size_t bytes_max;
    uint32_t depth_max; /* a scalar has depth 0, [] has depth 1 */
    uint32_t nodes_max;
} JsonLimits;

/* What the product allows at its doors; see common/model/limits.h for the reasons. */
#define JSON_LIMITS_DEFAULT                                                                        \
    ((JsonLimits){.bytes_max = 32u << 20, .depth_max = 128, .nodes_max = 1u << 20})

typedef struct JsonMistake {
    size_t offset;       /* byte in the text */
    uint32_t line;       /* from 1 */
    uint32_t column;     /* from 1, in bytes */
    const char *message; /* static text */
} JsonMistake;

/* Parses one whole document. ret_mistake may be NULL and is written only on refusal. */
int json_parse(Arena *arena, Str text, JsonLimits limits, Json *ret_value,
               JsonMistake *ret_mistake);

/* Compact, exact number text; computed numbers with the fewest digits (up to 17) that read back. */
void json_write(Buf *buf, const Json *value);
void json_write_pretty(Buf *buf, const Json *value); /* two spaces a level, like jq's default */
Str json_text(Arena *arena, const Json *value);      /* json_write() into the arena */
void json_write_string(Buf *buf, Str text);          /* with quotes and escapes */

/* Looking. None of them fails: what is not there is NULL. */
const Json *json_member(const Json *object, Str key);     /* NULL too when it is no object */
const Json *json_at(const Json *array, size_t index);     /* NULL too when it is no array */
const Json *json_pointer(const Json *value, Str pointer); /* RFC 6901 */
Str json_str(const Json *value);                          /* a string's bytes, else STR_NONE */
double json_real(const Json *number);                     /* beyond range: +-DBL_MAX as jq does */
bool json_to_int64(const Json *number, int64_t *ret);     /* exactly whole: 5, 5.0, 50e-1 */
bool json_is(const Json *value, JsonType type);           /* false for NULL */
const char *json_type_name(const Json *value);            /* "null" "boolean" "number" … as jq */

/* Making. Children are copied by struct, their bytes are shared. */
Json json_null(void);
Json json_bool(bool truth);
Json json_integer(Arena *arena, int64_t number);
Json json_number(double number);
Json json_string(Str text); /* shares the bytes */
Json json_string_copy(Arena *arena, Str text);
Json json_array(const Json *items, size_t count);          /* shares */
Json json_object(const JsonMember *members, size_t count); /* shares; keys must be distinct */

/* Growing lists in an arena. json_add() replaces the value of a key that is already there. */
typedef struct JsonArray {
    Arena *arena;
    Json *items;
    uint32_t count;
    uint32_t capacity;
} JsonArray;

typedef struct JsonObject {
    Arena *arena;
    JsonMember *members;
    uint32_t count;
    uint32_t capacity;
} JsonObject;

void json_push(JsonArray *array, Json value);
Json json_array_done(const JsonArray *array);
void json_add(JsonObject *object, Str key, Json value); /* the key's bytes are shared */
Json json_object_done(const JsonObject *object);

/* Deep copy into another arena; nothing of the source is shared afterwards. */
Json json_copy(Arena *arena, const Json *value);

/* jq's order: null false true numbers strings arrays objects. Numbers compare as doubles. */
int json_compare(const Json *a, const Json *b);
bool json_equal(const Json *a, const Json *b);

/* Members sorted by key, codepoint order, in the arena; the order `keys` shows. */
const JsonMember *json_sorted(Arena *arena, const Json *object);
