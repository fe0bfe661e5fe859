#pragma once

/*
 * Read: objects of a definition, by tables of their keys. A table says for each key what it may be,
 * who has it, and where it goes; what is not in the table is refused.
 */

#include "common/plan/build.h"

#define IS(type) (1u << (type)) /* of a JsonType, StepType or TriggerType, for bit sets */
#define READ_ALWAYS UINT32_MAX
#define READ_ALL 0u    /* who has a key: every kind of the object */
#define READ_NOBODY 0u /* who needs it: it may always be left out */

typedef enum ReadType {
    READ_CARRIED,  /* for designers: any value, means nothing here */
    READ_RESERVED, /* has a meaning that does not work yet */
    READ_TEXT,     /* a Str at `at` */
    READ_FLAG,     /* a bool at `at` */
    READ_NUMBER,   /* a whole number from low to high, an int64_t at `at` */
    READ_PART,     /* read() takes it; json says which types it accepts */
} ReadType;

typedef struct ReadObject ReadObject;
typedef void (*ReadFn)(Build *build, const Place *place, const Json *value,
                       const ReadObject *object);

typedef struct ReadKey {
    const char *key;
    ReadType type;
    uint32_t kinds;    /* bit set: which kinds of object have it; 0: all */
    uint32_t required; /* bit set: which of them need it; READ_ALWAYS: all */
    size_t at;
    int64_t low, high;
    ReadFn read;
    uint32_t json;    /* bit set of JsonType */
    const char *hint; /* what is right instead, where the key is refused for its kind */
} ReadKey;

/* Rows of a table: the key, who has it, who needs it, and what it is. */
#define KEY_CARRIED(name, who, needs)                                                              \
    { .key = name, .type = READ_CARRIED, .kinds = who, .required = needs }
#define KEY_RESERVED(name)                                                                         \
    { .key = name, .type = READ_RESERVED }
#define KEY_TEXT(name, who, needs, place)                                                          \
    { .key = name, .type = READ_TEXT, .kinds = who, .required = needs, .at = place }
#define KEY_FLAG(name, place)                                                                      \
    { .key = name, .type = READ_FLAG, .at = place }
#define KEY_NUMBER(name, who, place, lowest, highest)                                              \
    { .key = name, .type = READ_NUMBER, .kinds = who, .at = place, .low = lowest, .high = highest }
#define KEY_PART(name, who, needs, types, reader)                                                  \
    {                                                                                              \
        .key = name, .type = READ_PART, .kinds = who, .required = needs, .json = types,            \
        .read = reader                                                                             \
    }
#define KEY_PART_HINT(name, who, types, reader, text)                                              \
    { .key = name, .type = READ_PART, .kinds = who, .json = types, .read = reader, .hint = text }

struct ReadObject {
    const ReadKey *keys;
    size_t key_count;
    const char *name; /* "settings", "a DELAY step" */
    uint32_t kind;    /* one bit; 0: unknown, then every key is let through */
    const char *(*kind_word)(uint32_t kind); /* NULL: there is but one kind */
    void *into;
    uint32_t node; /* that the object belongs to, or PLAN_NONE */
};

/* Reads the object; complains when the value is none. */
void read_object(Build *build, const Place *place, const Json *value, const ReadObject *object);

/* A number in range; else false, and the problem is told. */
bool read_number(Build *build, const Place *place, const Json *value, const ReadKey *key,
                 int64_t *ret_number);

/* The bit set of JsonTypes has the value's; else the problem is told. */
bool read_is(Build *build, const Place *place, const Json *value, uint32_t json);

/* The word's place in the list; else -1, and the problem is told with the list. */
int read_word(Build *build, const Place *place, const Json *value, const char *const *words,
              size_t word_count);

/* An id by its letters; else STR_NONE, and the problem is told. */
Str read_id(Build *build, const Place *place, const Json *value);

/* Parts, one file each ----------------------------------------------------------------------- */

/* Each id of the list becomes a wire. */
typedef struct WirePort {
    uint32_t from;
    PlanPortKind kind;
    uint32_t index;
} WirePort;

void read_wire(Build *build, const Place *place, const Json *value, WirePort port);
void read_wires(Build *build, const Place *place, const Json *value, WirePort port);

void read_steps(Build *build, const Place *place, const Json *value, const ReadObject *object);
void read_triggers(Build *build, const Place *place, const Json *value, const ReadObject *object);
void read_step_config(Build *build, const Place *place, const Json *value,
                      const ReadObject *object);
void read_on_error(Build *build, const Place *place, const Json *value, const ReadObject *object);
void read_retry(Build *build, const Place *place, const Json *value, RetryPolicy *policy);
