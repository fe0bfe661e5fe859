/*
 * Where values come from: the environment, files named by it, the configuration file, the table.
 *
 * Runs on: the start of the process.
 */

#include "common/service/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/service/config_private.h"

#define FILE_BYTES_MAX (1u << 20)

/* One reading: what was found for each key, and what was wrong. */
typedef struct Reading {
    const ConfigKey *keys;
    size_t count;
    char **texts; /* of each key; NULL: not set */
    size_t *lengths;
    const char *file;
    Buf *message;
    bool is_wrong;
} Reading;

void config_variable(const ConfigKey *key, Buf *buf) {
    buf_add_text(buf, "HEADRACE_");
    for (const char *c = key->name; *c; c++)
        buf_add_char(buf, *c == '.' ? '_' : (char)toupper((unsigned char)*c));
}

/* Every complaint is a line of its own, so that one run shows them all. */
static void complain_begin(Reading *reading) {
    if (reading->message->length)
        buf_add_char(reading->message, '\n');
    reading->is_wrong = true;
}

static void complain_key(Reading *reading, const ConfigKey *key) {
    complain_begin(reading);
    buf_printf(reading->message, "%s (", key->name);
    config_variable(key, reading->message);
    buf_add_text(reading->message, ") ");
}

/* The whole file; false: *reason says why. */
static bool read_file(const char *path, Buf *ret_bytes, const char **ret_reason) {
    FILE *file = fopen(path, "re");
    size_t got = 1;

    if (!file) {
        *ret_reason = strerror(errno);
        return false;
    }
    while (got > 0 && ret_bytes->length <= FILE_BYTES_MAX) {
        got = fread(buf_reserve(ret_bytes, 4096), 1, 4096, file);
        ret_bytes->length += got;
    }
    *ret_reason = ferror(file) ? strerror(errno) : "it is larger than 1 MiB";
    got = ferror(file) || ret_bytes->length > FILE_BYTES_MAX;
    fclose(file);
    return got == 0;
}

static void set_text(Reading *reading, size_t index, Str text) {
    alloc_free(reading->texts[index]);
    reading->texts[index] = str_dup(text);
    reading->lengths[index] = text.length;
}

/* ── the file ───────────────────────────────────────────────────────────────────────────────── */

static ptrdiff_t find_key(const Reading *reading, Str name) {
    for (size_t i = 0; i < reading->count; i++)
        if (str_is(name, reading->keys[i].name))
            return (ptrdiff_t)i;
    return -1;
}

static void read_line(Reading *reading, Str line, unsigned number) {
    ptrdiff_t equals = str_find_char(line, '=');
    Str name = str_trim(str_slice(line, 0, (size_t)MAX(equals, 0)));
    ptrdiff_t index = find_key(reading, name);

    if (equals > 0 && index >= 0 && !reading->texts[index]) {
        set_text(reading, (size_t)index,
                 str_trim(str_slice(line, (size_t)equals + 1, line.length)));
        return;
    }
    complain_begin(reading);
    buf_printf(reading->message, "%s:%u: ", reading->file, number);
    if (equals <= 0)
        buf_add_text(reading->message, "a line is: key = value");
    else
        buf_printf(reading->message, "\"%.*s\" is %s", STR_ARGS(str_slice(name, 0, 100)),
                   index < 0 ? "no key that is known here" : "set twice");
}

static void read_lines(Reading *reading) {
    _cleanup_(buf_done) Buf bytes = {0};
    const char *reason;
    unsigned number = 0;
    Str rest;

    if (!read_file(reading->file, &bytes, &reason)) {
        complain_begin(reading);
        buf_printf(reading->message, "%s: %s", reading->file, reason);
        return;
    }
    rest = buf_str(&bytes);
    while (rest.data) {
        Str line = str_trim(str_split(&rest, '\n'));

        number++;
        if (line.length > 0 && line.data[0] != '#')
            read_line(reading, line, number);
    }
}

/* ── the environment ────────────────────────────────────────────────────────────────────────── */

static void read_named_file(Reading *reading, size_t index, const char *path) {
    _cleanup_(buf_done) Buf bytes = {0};
    const char *reason;

    if (read_file(path, &bytes, &reason)) {
        set_text(reading, index, str_trim(buf_str(&bytes)));
        return;
    }
    complain_key(reading, &reading->keys[index]);
    buf_printf(reading->message, "cannot be read from %s: %s", path, reason);
}

static void read_variable(Reading *reading, size_t index) {
    _cleanup_(buf_done) Buf name = {0};
    const char *text, *path;

    config_variable(&reading->keys[index], &name);
    text = getenv(name.data);
    buf_add_text(&name, "_FILE");
    path = getenv(name.data);
    if (text && path) {
        complain_key(reading, &reading->keys[index]);
        buf_printf(reading->message, "is set, and %s too: which one counts?", name.data);
    } else if (text) {
        set_text(reading, index, str_of(text));
    } else if (path) {
        read_named_file(reading, index, path);
    }
}

/* ── values ─────────────────────────────────────────────────────────────────────────────────── */

static void put_value(Reading *reading, size_t index, void *target) {
    const ConfigKey *key = &reading->keys[index];
    _cleanup_(buf_done) Buf reason = {0};
    Str text = str_of(key->fallback);

    if (reading->texts[index])
        text = str_from(reading->texts[index], reading->lengths[index]);
    else if (!key->fallback) {
        complain_key(reading, key);
        buf_printf(reading->message, "is required: %s", key->sentence);
        return;
    }
    if (config_value_read(key, text, target, &reason)) {
        CHECK(reason.length == 0);
        return;
    }
    complain_key(reading, key);
    if (key->type == CONFIG_SECRET)
        buf_add_text(reading->message, "(not shown) ");
    else
        buf_printf(reading->message, "\"%.*s\" ", STR_ARGS(str_slice(text, 0, 100)));
    buf_add_str(reading->message, buf_str(&reason));
}

int config_read(const ConfigKey *keys, size_t count, const char *file_or_null, void *target,
                Buf *ret_message) {
    Reading reading = {
        .keys = keys,
        .count = count,
        .texts = alloc_array(count, sizeof(char *)),
        .lengths = alloc_array(count, sizeof(size_t)),
        .file = file_or_null,
        .message = ret_message,
    };

    if (file_or_null)
        read_lines(&reading);
    for (size_t i = 0; i < count; i++)
        read_variable(&reading, i);
    for (size_t i = 0; i < count; i++) {
        put_value(&reading, i, target);
        alloc_free(reading.texts[i]);
    }
    alloc_free(reading.texts);
    alloc_free(reading.lengths);
    if (!reading.is_wrong)
        return 0;
    config_free(keys, count, target);
    return CONFIG_E_INVALID;
}

static bool is_text(const ConfigKey *key) {
    return key->type == CONFIG_TEXT || key->type == CONFIG_SECRET;
}

void config_free(const ConfigKey *keys, size_t count, void *target) {
    for (size_t i = 0; i < count; i++) {
        char **place = (char **)(void *)((char *)target + keys[i].place);

        if (is_text(&keys[i]))
            *place = alloc_free(*place);
    }
}

/* ── as text ────────────────────────────────────────────────────────────────────────────────── */

static void print_value(const ConfigKey *key, const void *target, Buf *buf) {
    const void *place = (const char *)target + key->place;

    if (is_text(key)) {
        const char *text = *(char *const *)place;

        buf_add_text(buf, text ? text : "");
    } else if (key->type == CONFIG_FLAG) {
        buf_add_text(buf, *(const bool *)place ? "on" : "off");
    } else {
        config_number_write(key, *(const int64_t *)place, buf);
    }
}

void config_print(const ConfigKey *keys, size_t count, const void *target, Buf *buf) {
    for (size_t i = 0; i < count; i++) {
        const ConfigKey *key = &keys[i];

        buf_printf(buf, "%s# %s\n", i ? "\n" : "", key->sentence);
        if (key->type == CONFIG_SECRET) {
            const char *secret = *(char *const *)(const void *)((const char *)target + key->place);

            buf_printf(buf, "# %s = %s\n", key->name,
                       secret && secret[0] ? "(set, not shown)" : "");
            continue;
        }
        buf_printf(buf, "%s = ", key->name);
        print_value(key, target, buf);
        buf_add_char(buf, '\n');
    }
}

static void document_default(const ConfigKey *key, Buf *markdown) {
    if (!key->fallback)
        buf_add_text(markdown, "required");
    else if (key->fallback[0])
        buf_printf(markdown, "`%s`", key->fallback);
    else
        buf_add_text(markdown, "none");
}

static void document_range(const ConfigKey *key, Buf *markdown) {
    switch (key->type) {
    case CONFIG_TEXT:
        buf_add_text(markdown, "text");
        return;
    case CONFIG_SECRET:
        buf_add_text(markdown, "secret");
        return;
    case CONFIG_FLAG:
        buf_add_text(markdown, "on, off");
        return;
    case CONFIG_COUNT:
    case CONFIG_MS:
    case CONFIG_BYTES:
        config_number_write(key, key->low, markdown);
        buf_add_text(markdown, " – ");
        config_number_write(key, key->high, markdown);
        return;
    }
}

void config_document(const char *daemon, const ConfigKey *keys, size_t count, Buf *markdown) {
    buf_printf(markdown, "## %s\n\n| key | variable | value | default | meaning |\n", daemon);
    buf_add_text(markdown, "| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < count; i++) {
        buf_printf(markdown, "| `%s` | `", keys[i].name);
        config_variable(&keys[i], markdown);
        buf_add_text(markdown, "` | ");
        document_range(&keys[i], markdown);
        buf_add_text(markdown, " | ");
        document_default(&keys[i], markdown);
        buf_printf(markdown, " | %s |\n", keys[i].sentence);
    }
}
