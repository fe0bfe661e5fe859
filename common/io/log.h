#pragma once

/*
 * Log: one event, one line of JSON on standard error. Shells log, pure rooms never.
 *
 *   log_event(LOG_WARN, "lease.lost", LOG_ID("execution", id), LOG_INT("partition", 7));
 *
 * Every line has time, level, event, daemon and instance. Fields named tenant, execution and trace
 * are what people search for: give them whenever they are known. Never log payloads or secrets. An
 * event that repeats more than 20 times in 10 s is counted and told once ("suppressed": n).
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/id.h"
#include "common/base/str.h"

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } LogLevel;

typedef struct LogField {
    const char *name; /* NULL: ends the list */
    enum { LOG_FIELD_TEXT, LOG_FIELD_INT, LOG_FIELD_UUID } type;
    Str text;
    int64_t number;
    Uuid uuid;
} LogField;

#define LOG_TEXT(name_, text_)                                                                     \
    ((LogField){.name = (name_), .type = LOG_FIELD_TEXT, .text = (text_)})
#define LOG_C(name_, text_) LOG_TEXT(name_, str_of(text_))
#define LOG_INT(name_, number_)                                                                    \
    ((LogField){.name = (name_), .type = LOG_FIELD_INT, .number = (number_)})
#define LOG_ID(name_, id_) ((LogField){.name = (name_), .type = LOG_FIELD_UUID, .uuid = (id_)})
#define LOG_END ((LogField){.name = NULL})

#define log_event(level, event, ...)                                                               \
    log_fields((level), (event), (const LogField[]){__VA_ARGS__ __VA_OPT__(, ) LOG_END})

/* The newest fault of this thread with its trail; r is the negative errno. */
#define log_fault(event, r, ...)                                                                   \
    log_fault_fields((event), (r), (const LogField[]){__VA_ARGS__ __VA_OPT__(, ) LOG_END})

void log_fields(LogLevel level, const char *event, const LogField *fields);
void log_fault_fields(const char *event, int r, const LogField *fields);

/* daemon "worker", instance "worker-1"; lines below the level are dropped. Copied. */
void log_setup(const char *daemon, const char *instance, LogLevel level);
bool log_level_from_word(Str word, LogLevel *ret_level);

/* Tells at once what was suppressed so far; for the end of the process. */
void log_flush(void);
