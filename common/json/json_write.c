/* Tree to text, without recursion: the open containers lie on a stack of their own. */

#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/json/json.h"
#include "common/json/json_number.h"
#include "common/json/json_scan.h"

#define DEPTH_USUAL 64 /* deeper trees cost an allocation */
#define INDENT 2

typedef struct Open {
    const Json *container;
    uint32_t next; /* child to be written */
} Open;

typedef struct Writer {
    Buf *buf;
    bool is_pretty;
    Open usual[DEPTH_USUAL];
    Open *open;
    uint32_t depth;
    uint32_t capacity;
} Writer;

static void add_escape(Buf *buf, unsigned char c) {
    static const char letters[] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n',  ['\r'] = 'r',
        ['\t'] = 't', ['"'] = '"',  ['\\'] = '\\',
    };

    if (c < sizeof letters && letters[c]) {
        char escape[] = {'\\', letters[c]};

        buf_add(buf, escape, sizeof escape);
        return;
    }
    buf_printf(buf, "\\u%04x", c);
}

/* From here on as far as everything stands for itself. */
static const char *skip_plain(const char *from, const char *end) {
    for (;;) {
        size_t length;

        from = scan_plain(from, end);
        if (from == end || (unsigned char)*from < 0x80)
            return from;
        length = str_sequence(from, (size_t)(end - from));
        if (length == 0)
            return from;
        from += length;
    }
}

/* jq escapes DEL, too; it is plain everywhere else. */
static const char *skip_clean(const char *from, const char *end) {
    const char *plain = skip_plain(from, end);
    const char *del = plain > from ? memchr(from, 0x7F, (size_t)(plain - from)) : NULL;

    return del ? del : plain;
}

void json_write_string(Buf *buf, Str text) {
    const char *next = text.data;
    const char *end = text.length ? text.data + text.length : next;

    buf_reserve(buf, text.length + 2);
    buf_add_char(buf, '"');
    while (next < end) {
        const char *stop = skip_clean(next, end);

        buf_add(buf, next, (size_t)(stop - next));
        next = stop;
        if (next == end)
            break;
        if ((unsigned char)*next < 0x80)
            add_escape(buf, (unsigned char)*next);
        else
            buf_add_text(buf, "\xEF\xBF\xBD"); /* U+FFFD: what is no UTF-8 must not get out */
        next++;
    }
    buf_add_char(buf, '"');
}

static void write_number(Buf *buf, const Json *number) {
    char text[JSON_NUMBER_BYTES_MAX];

    if (number->is_computed)
        buf_add(buf, text, json_number_write(number->real, text));
    else
        buf_add(buf, number->text, number->count);
}

static void push_open(Writer *writer, const Json *container) {
    if (writer->depth == writer->capacity) {
        Open *usual = writer->open == writer->usual ? writer->usual : NULL;

        writer->capacity *= 2;
        writer->open =
            alloc_again(usual ? NULL : writer->open, writer->capacity * sizeof *writer->open);
        if (usual)
            memcpy(writer->open, usual, sizeof writer->usual);
    }
    writer->open[writer->depth++] = (Open){.container = container};
}

static void new_line(Writer *writer) {
    size_t spaces = (size_t)writer->depth * INDENT;

    if (!writer->is_pretty)
        return;
    buf_add_char(writer->buf, '\n');
    memset(buf_reserve(writer->buf, spaces), ' ', spaces);
    writer->buf->length += spaces;
    writer->buf->data[writer->buf->length] = '\0';
}

/* A scalar or an empty container at once; else its opening bracket. */
static void begin_value(Writer *writer, const Json *value) {
    Buf *buf = writer->buf;

    switch ((JsonType)value->type) {
    case JSON_NULL:
        buf_add(buf, "null", 4);
        return;
    case JSON_FALSE:
        buf_add(buf, "false", 5);
        return;
    case JSON_TRUE:
        buf_add(buf, "true", 4);
        return;
    case JSON_NUMBER:
        write_number(buf, value);
        return;
    case JSON_STRING:
        json_write_string(buf, str_from(value->text, value->count));
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        if (value->count == 0) {
            buf_add(buf, value->type == JSON_ARRAY ? "[]" : "{}", 2);
            return;
        }
        buf_add_char(buf, value->type == JSON_ARRAY ? '[' : '{');
        push_open(writer, value);
        return;
    }
    CHECK_UNREACHABLE();
}

static void write_child(Writer *writer) {
    Open *open = &writer->open[writer->depth - 1];
    const Json *container = open->container;
    uint32_t i = open->next++;

    if (i > 0)
        buf_add_char(writer->buf, ',');
    new_line(writer);
    if (container->type == JSON_ARRAY) {
        begin_value(writer, &container->items[i]);
        return;
    }
    json_write_string(writer->buf, container->members[i].key);
    buf_add(writer->buf, ": ", writer->is_pretty ? 2 : 1);
    begin_value(writer, &container->members[i].value);
}

static void write_value(Buf *buf, const Json *value, bool is_pretty) {
    Writer writer = {.buf = buf, .is_pretty = is_pretty, .capacity = DEPTH_USUAL};

    writer.open = writer.usual;
    begin_value(&writer, value);
    while (writer.depth > 0) {
        const Open *open = &writer.open[writer.depth - 1];

        if (open->next < open->container->count) {
            write_child(&writer);
            continue;
        }
        writer.depth--;
        new_line(&writer);
        buf_add_char(buf, open->container->type == JSON_ARRAY ? ']' : '}');
    }
    if (writer.open != writer.usual)
        alloc_free(writer.open);
}

void json_write(Buf *buf, const Json *value) {
    write_value(buf, value, false);
}

void json_write_pretty(Buf *buf, const Json *value) {
    write_value(buf, value, true);
}

Str json_text(Arena *arena, const Json *value) {
    _cleanup_(buf_done) Buf buf = {0};

    json_write(&buf, value);
    return str_copy(arena, buf_str(&buf));
}
