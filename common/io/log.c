/*
 * Events as lines of JSON, with a limit on repeats.
 *
 * Runs on: any thread. A line leaves in one write(), so lines of several threads do not mix.
 */

#include "common/io/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/fault.h"
#include "common/io/clock.h"

#define TEXT_BYTES_MAX 2048 /* a longer text is a payload, and payloads are not logged */
#define REPEAT_MAX 20
#define REPEAT_MS 10000
#define REPEAT_SLOTS 256 /* several times as many as there are events that repeat at once */

typedef struct Repeat {
    uint64_t event_hash; /* 0: free */
    char event[64];
    LogLevel level;
    int64_t since_ms;
    uint32_t count;
    uint32_t suppressed;
} Repeat;

static const char *const level_words[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARN] = "warn",
    [LOG_ERROR] = "error",
};

static struct {
    pthread_mutex_t lock;
    char daemon[32];
    char instance[96];
    LogLevel level;
    int64_t swept_ms;
    Repeat repeats[REPEAT_SLOTS];
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_INFO};

void log_setup(const char *daemon, const char *instance, LogLevel level) {
    pthread_mutex_lock(&state.lock);
    snprintf(state.daemon, sizeof state.daemon, "%s", daemon);
    snprintf(state.instance, sizeof state.instance, "%s", instance);
    state.level = level;
    pthread_mutex_unlock(&state.lock);
}

bool log_level_from_word(Str word, LogLevel *ret_level) {
    for (size_t i = 0; i < ARRAY_SIZE(level_words); i++) {
        if (!str_is(word, level_words[i]))
            continue;
        *ret_level = (LogLevel)i;
        return true;
    }
    return false;
}

/* ── a line ─────────────────────────────────────────────────────────────────────────────────── */

static void add_escaped(Buf *line, unsigned char c) {
    if (c == '"' || c == '\\')
        buf_printf(line, "\\%c", c);
    else if (c == '\n')
        buf_add_text(line, "\\n");
    else if (c < 0x20 || c == 0x7f)
        buf_printf(line, "\\u%04x", c);
    else
        buf_add_char(line, (char)c);
}

static void add_text(Buf *line, Str text) {
    Str shown = str_slice(text, 0, TEXT_BYTES_MAX);
    bool is_utf8;

    /* A cut may fall into a character: at most three bytes of it are left behind. */
    while (shown.length < text.length && shown.length > TEXT_BYTES_MAX - 4 && !str_is_utf8(shown))
        shown.length--;
    is_utf8 = str_is_utf8(shown);

    buf_add_char(line, '"');
    for (size_t i = 0; i < shown.length; i++) {
        unsigned char c = (unsigned char)shown.data[i];

        if (c >= 0x80 && !is_utf8)
            buf_add_text(line, "\\ufffd");
        else
            add_escaped(line, c);
    }
    if (shown.length < text.length)
        buf_add_text(line, "\\u2026");
    buf_add_char(line, '"');
}

static void add_field(Buf *line, const LogField *field) {
    buf_add_char(line, ',');
    add_text(line, str_of(field->name));
    buf_add_char(line, ':');
    switch (field->type) {
    case LOG_FIELD_TEXT:
        add_text(line, field->text);
        return;
    case LOG_FIELD_INT:
        buf_printf(line, "%" PRId64, field->number);
        return;
    case LOG_FIELD_UUID:
        buf_printf(line, "\"%s\"", uuid_text(field->uuid).text);
        return;
    }
}

static void line_begin(Buf *line, LogLevel level, const char *event) {
    buf_printf(line,
               "{\"time\":\"%s\",\"level\":\"%s\",\"event\":", clock_text(clock_now_ms()).text,
               level_words[level]);
    add_text(line, str_of(event));
    buf_add_text(line, ",\"daemon\":");
    add_text(line, str_of(state.daemon));
    buf_add_text(line, ",\"instance\":");
    add_text(line, str_of(state.instance));
}

/* Standard error that takes no more loses lines; there is nobody left to tell. */
static void line_end(Buf *line) {
    size_t written = 0;

    buf_add_text(line, "}\n");
    while (written < line->length) {
        ssize_t r = write(STDERR_FILENO, line->data + written, line->length - written);

        if (r <= 0)
            return;
        written += (size_t)r;
    }
}

/* ── repeats ────────────────────────────────────────────────────────────────────────────────── */

static void tell_suppressed(const Repeat *repeat) {
    _cleanup_(buf_done) Buf line = {0};

    line_begin(&line, repeat->level, repeat->event);
    buf_printf(&line, ",\"suppressed\":%" PRIu32, repeat->suppressed);
    line_end(&line);
}

/* Windows that are over are told and given back, at most once a second. */
static void sweep(int64_t now_ms) {
    if (now_ms - state.swept_ms < 1000)
        return;
    state.swept_ms = now_ms;
    for (size_t i = 0; i < REPEAT_SLOTS; i++) {
        Repeat *repeat = &state.repeats[i];

        if (repeat->event_hash == 0 || now_ms - repeat->since_ms < REPEAT_MS)
            continue;
        if (repeat->suppressed)
            tell_suppressed(repeat);
        *repeat = (Repeat){0};
    }
}

/* The slot of an event; NULL when all slots near it are taken: then nothing is held back. */
static Repeat *repeat_of(const char *event, int64_t now_ms) {
    uint64_t hash = str_hash(str_of(event), 0) | 1;

    for (size_t i = 0; i < 8; i++) {
        Repeat *repeat = &state.repeats[(hash + i) % REPEAT_SLOTS];

        if (repeat->event_hash == hash)
            return repeat;
        if (repeat->event_hash != 0)
            continue;
        *repeat = (Repeat){.event_hash = hash, .since_ms = now_ms};
        snprintf(repeat->event, sizeof repeat->event, "%s", event);
        return repeat;
    }
    return NULL;
}

static bool is_held_back(LogLevel level, const char *event) {
    int64_t now_ms = clock_monotonic_ms();
    Repeat *repeat;

    sweep(now_ms);
    repeat = repeat_of(event, now_ms);
    if (!repeat)
        return false;
    repeat->level = level;
    if (now_ms - repeat->since_ms >= REPEAT_MS) {
        if (repeat->suppressed)
            tell_suppressed(repeat);
        repeat->since_ms = now_ms;
        repeat->count = 0;
        repeat->suppressed = 0;
    }
    if (repeat->count++ < REPEAT_MAX)
        return false;
    repeat->suppressed++;
    return true;
}

void log_fields(LogLevel level, const char *event, const LogField *fields) {
    _cleanup_(buf_done) Buf line = {0};

    pthread_mutex_lock(&state.lock);
    if (level >= state.level && !is_held_back(level, event)) {
        line_begin(&line, level, event);
        for (; fields->name; fields++)
            add_field(&line, fields);
        line_end(&line);
    }
    pthread_mutex_unlock(&state.lock);
}

void log_fault_fields(const char *event, int r, const LogField *fields) {
    LogField all[24];
    size_t count = 0;
    const char *word = strerrorname_np(-r);

    all[count++] = LOG_C("fault", word ? word : "?");
    all[count++] = LOG_C("trail", fault_trail());
    while (fields->name && count < ARRAY_SIZE(all) - 1)
        all[count++] = *fields++;
    all[count] = LOG_END;
    log_fields(LOG_ERROR, event, all);
}

void log_flush(void) {
    pthread_mutex_lock(&state.lock);
    for (size_t i = 0; i < REPEAT_SLOTS; i++) {
        if (state.repeats[i].suppressed)
            tell_suppressed(&state.repeats[i]);
        state.repeats[i] = (Repeat){0};
    }
    pthread_mutex_unlock(&state.lock);
}
