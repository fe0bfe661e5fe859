/* Tree to text, without recursion: the open containers lie on a stack of their own. */

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

/*
 * The buffer's own functions keep a NUL behind every piece; here it is put once, behind all of
 * them.
 */
static inline char *room(Buf *buf, size_t bytes) {
    if (buf->capacity - buf->length > bytes)
        return buf->data + buf->length;
    return buf_reserve(buf, bytes);
}

static inline void put(Buf *buf, const char *bytes, size_t length) {
    memcpy(room(buf, length), bytes, length);
    buf->length += length;
}

static inline void put_char(Buf *buf, char c) {
    *room(buf, 1) = c;
    buf->length++;
}

static void put_end(Buf *buf) {
    *room(buf, 0) = '\0';
}

static void put_escape(Buf *buf, unsigned char c) {
    static const char digits[] = "0123456789abcdef";
    static const char letters[] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n',  ['\r'] = 'r',
        ['\t'] = 't', ['"'] = '"',  ['\\'] = '\\',
    };
    char escape[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};

    if (c < sizeof letters && letters[c]) {
        escape[1] = letters[c];
        put(buf, escape, 2);
        return;
    }
    put(buf, escape, sizeof escape);
}

/* From here on as far as everything is written as it is. */
static inline const char *skip_clean(const char *from, const char *end) {
    for (;;) {
        size_t length;

        from = scan_clean(from, end);
        if (from == end || (unsigned char)*from < 0x80)
            return from;
        length = str_sequence(from, (size_t)(end - from));
        if (length == 0)
            return from;
        from += length;
    }
}

static void put_string(Buf *buf, Str text) {
    const char *next = text.length ? text.data : "";
    const char *end = next + text.length;

    room(buf, text.length + 2);
    put_char(buf, '"');
    for (;;) {
        const char *stop = skip_clean(next, end);

        put(buf, next, (size_t)(stop - next));
        if (stop == end)
            break;
        if ((unsigned char)*stop < 0x80)
            put_escape(buf, (unsigned char)*stop);
        else
            put(buf, "\xEF\xBF\xBD", 3); /* U+FFFD: what is no UTF-8 must not get out */
        next = stop + 1;
    }
    put_char(buf, '"');
}

void json_write_string(Buf *buf, Str text) {
    put_string(buf, text);
    put_end(buf);
}

static void put_number(Buf *buf, const Json *number) {
    if (number->is_computed)
        buf->length += json_number_write(number->real, room(buf, JSON_NUMBER_BYTES_MAX));
    else
        put(buf, number->text, number->count);
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
    put_char(writer->buf, '\n');
    memset(room(writer->buf, spaces), ' ', spaces);
    writer->buf->length += spaces;
}

/* A scalar or an empty container at once; else its opening bracket. */
static void begin_value(Writer *writer, const Json *value) {
    Buf *buf = writer->buf;

    switch ((JsonType)value->type) {
    case JSON_NULL:
        put(buf, "null", 4);
        return;
    case JSON_FALSE:
        put(buf, "false", 5);
        return;
    case JSON_TRUE:
        put(buf, "true", 4);
        return;
    case JSON_NUMBER:
        put_number(buf, value);
        return;
    case JSON_STRING:
        put_string(buf, str_from(value->text, value->count));
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        if (value->count == 0) {
            put(buf, value->type == JSON_ARRAY ? "[]" : "{}", 2);
            return;
        }
        put_char(buf, value->type == JSON_ARRAY ? '[' : '{');
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
        put_char(writer->buf, ',');
    new_line(writer);
    if (container->type == JSON_ARRAY) {
        begin_value(writer, &container->items[i]);
        return;
    }
    put_string(writer->buf, container->members[i].key);
    put(writer->buf, ": ", writer->is_pretty ? 2 : 1);
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
        put_char(buf, open->container->type == JSON_ARRAY ? ']' : '}');
    }
    put_end(buf);
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
