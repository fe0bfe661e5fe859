#pragma once

/*
 * Config: a table of keys. The environment gives the values: key `kafka.group_id` is the variable
 * HEADRACE_KAFKA_GROUP_ID; a file named by --config holds lines `key = value`, the environment
 * wins. HEADRACE_X_FILE names a file that holds the value of HEADRACE_X (for secrets). Parsing,
 * checking,
 * --print-config and docs/configuration.md walk the same table.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/str.h"

enum { CONFIG_E_INVALID = 1 }; /* the message names the key, the value and what is right */

typedef enum ConfigType {
    CONFIG_TEXT,   /* char * */
    CONFIG_SECRET, /* char *; never printed */
    CONFIG_COUNT,  /* int64_t */
    CONFIG_MS,     /* int64_t; "250", "250ms", "5s", "2m", "1h", "3d" */
    CONFIG_BYTES,  /* int64_t; "1024", "64KiB", "1MiB" */
    CONFIG_FLAG,   /* bool; on off true false 1 0 */
} ConfigType;

typedef struct ConfigKey {
    const char *name; /* "jobs.max" */
    ConfigType type;
    size_t place;         /* offsetof in the struct */
    const char *fallback; /* as a person would type it; NULL: required */
    int64_t low, high;    /* of numbers; of texts: the length */
    const char *sentence; /* what people read */
} ConfigKey;

/* target points to the zeroed struct; texts are allocated, config_free() frees them. */
int config_read(const ConfigKey *keys, size_t count, const char *file_or_null, void *target,
                Buf *ret_message);
void config_free(const ConfigKey *keys, size_t count, void *target);
void config_print(const ConfigKey *keys, size_t count, const void *target, Buf *buf);
void config_document(const char *daemon, const ConfigKey *keys, size_t count, Buf *markdown);
