#pragma once

/* Config inside: values as text and back. */

#include <stdbool.h>

#include "common/service/config.h"

/* The variable of a key: HEADRACE_KAFKA_GROUP_ID of kafka.group_id. */
void config_variable(const ConfigKey *key, Buf *buf);

/* Puts the value into its place; false and a reason when it is not one. Texts are copied. */
bool config_value_read(const ConfigKey *key, Str text, void *target, Buf *ret_reason);

/* The shortest text that reads as this number: 30000 ms is "30s". */
void config_number_write(const ConfigKey *key, int64_t number, Buf *buf);
