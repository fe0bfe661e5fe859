/*
 * Text to tree, in one pass and without recursion.
 *
 * Values wait on one scratch stack of bytes until their container ends; then they are copied into
 * the arena at once, side by side. The stack of an open object and of an open array:
 *
 *      Frame | key value | key value | key            Frame | value | value
 *              a member                 value next
 */

#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/json/json.h"
#include "common/json/json_keys.h"
#include "common/json/json_scan.h"
#include "common/json/json_string.h"

#define SCRATCH_BYTES_MIN 4096

typedef struct Frame {
    size_t outer; /* where the frame around this one lies */
    bool is_object;
} Frame;

_Static_assert(sizeof(JsonMember) == sizeof(Str) + sizeof(Json), "a member is a key and a value");

typedef struct Parser {
    Arena *arena;
    JsonLimits limits;
    const char *start;
    const char *next;
    const char *end;
    char *scratch;
    size_t top;
    size_t capacity;
    size_t frame;   /* of the innermost open container */
    uint32_t depth; /* how many are open */
    uint32_t node_count;
    bool wants_value;  /* else a value has just been read */
    const char *place; /* of the mistake */
    const char *message;
} Parser;

static int refuse(Parser *parser, int refusal, const char *place, const char *message) {
    parser->place = place;
    parser->message = message;
    return refusal;
}

static int refuse_here(Parser *parser, const char *message) {
    if (parser->next == parser->end)
        message = "the text ends too early";
    return refuse(parser, JSON_E_SYNTAX, parser->next, message);
}

static int refuse_budget(Parser *parser) {
    return refuse(parser, JSON_E_BYTES, parser->next, "the document needs too much memory");
}

/* The next byte, or 0 at the end: NUL is allowed nowhere either. */
static inline char peek(const Parser *parser) {
    return parser->next < parser->end ? *parser->next : '\0';
}

static inline bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline void skip_space(Parser *parser) {
    while (parser->next < parser->end && is_space(*parser->next))
        parser->next++;
}

static inline void *push_bytes(Parser *parser, size_t bytes) {
    if (parser->capacity - parser->top < bytes) {
        parser->capacity = MAX(parser->capacity * 2, (size_t)SCRATCH_BYTES_MIN);
        parser->scratch = alloc_again(parser->scratch, parser->capacity);
    }
    parser->top += bytes;
    return parser->scratch + parser->top - bytes;
}

/* A value is complete. */
static inline int push_value(Parser *parser, Json value) {
    *(Json *)push_bytes(parser, sizeof value) = value;
    parser->wants_value = false;
    return 0;
}

static int read_string(Parser *parser, Str *ret_string) {
    const char *start = parser->next + 1;
    bool is_escaped = false;
    int r;

    for (parser->next = start;;) {
        parser->next = scan_plain(parser->next, parser->end);
        if (peek(parser) == '"')
            break;
        if (peek(parser) == '\\') {
            r = json_escape_check(&parser->next, parser->end);
            is_escaped = true;
        } else {
            r = json_bytes_check(&parser->next, parser->end);
        }
        if (r)
            return refuse_here(parser, json_string_message(r));
    }
    *ret_string = str_from(start, (size_t)(parser->next - start));
    parser->next++;
    if (!is_escaped)
        return 0;
    if (!arena_room(parser->arena, ret_string->length))
        return refuse_budget(parser);
    *ret_string = json_unescape(parser->arena, *ret_string);
    return 0;
}

static int read_string_value(Parser *parser) {
    Str string;
    int r = read_string(parser, &string);

    if (r)
        return r;
    return push_value(parser, json_string(string));
}

static int read_word(Parser *parser, Str word, JsonType type) {
    if (!str_starts(str_from(parser->next, (size_t)(parser->end - parser->next)), word))
        return refuse(parser, JSON_E_SYNTAX, parser->next, "a value is expected");
    parser->next += word.length;
    return push_value(parser, (Json){.type = (uint8_t)type});
}

/* One or more digits. */
static bool skip_digits(Parser *parser) {
    const char *start = parser->next;

    while (peek(parser) >= '0' && peek(parser) <= '9')
        parser->next++;
    return parser->next > start;
}

static int read_number(Parser *parser) {
    const char *start = parser->next;

    if (peek(parser) == '-')
        parser->next++;
    if (peek(parser) == '0') {
        parser->next++;
        if (peek(parser) >= '0' && peek(parser) <= '9')
            return refuse_here(parser, "a number does not begin with 0");
    } else if (!skip_digits(parser)) {
        return refuse_here(parser, start == parser->next ? "a value is expected"
                                                         : "a digit is expected behind the minus");
    }
    if (peek(parser) == '.') {
        parser->next++;
        if (!skip_digits(parser))
            return refuse_here(parser, "a digit is expected behind the decimal point");
    }
    if (peek(parser) == 'e' || peek(parser) == 'E') {
        parser->next++;
        if (peek(parser) == '+' || peek(parser) == '-')
            parser->next++;
        if (!skip_digits(parser))
            return refuse_here(parser, "a digit is expected in the exponent");
    }
    return push_value(
        parser,
        (Json){.type = JSON_NUMBER, .count = (uint32_t)(parser->next - start), .text = start});
}

static int read_key(Parser *parser) {
    Str key;
    int r;

    skip_space(parser);
    if (peek(parser) != '"')
        return refuse_here(parser, "a member name in quotes is expected");
    r = read_string(parser, &key);
    if (r)
        return r;
    skip_space(parser);
    if (peek(parser) != ':')
        return refuse_here(parser, "a colon is expected");
    parser->next++;
    *(Str *)push_bytes(parser, sizeof key) = key;
    parser->wants_value = true;
    return 0;
}

static inline Frame *frame_of(const Parser *parser) {
    return (Frame *)(void *)(parser->scratch + parser->frame);
}

/* Of the first child of the innermost container. */
static inline char *children_of(const Parser *parser) {
    return parser->scratch + parser->frame + sizeof(Frame);
}

static int close_array(Parser *parser, Json *ret_value) {
    size_t bytes = parser->top - parser->frame - sizeof(Frame);

    *ret_value = (Json){.type = JSON_ARRAY, .count = (uint32_t)(bytes / sizeof(Json))};
    if (bytes == 0)
        return 0;
    if (!arena_room(parser->arena, bytes))
        return refuse_budget(parser);
    ret_value->items = arena_copy(parser->arena, children_of(parser), bytes);
    return 0;
}

/*
 * Drops repeated keys of a small object in place and returns how many members are left. A bit for
 * each key seen tells in most cases that no other can be equal.
 */
static uint32_t drop_repeated(JsonMember *members, uint32_t count) {
    uint64_t seen = 0;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        Str key = members[i].key;
        unsigned last = key.length ? (unsigned char)key.data[key.length - 1] : 0;
        unsigned first = key.length ? (unsigned char)key.data[0] : 0;
        uint64_t bit = 1ull << ((key.length * 7 + first * 3 + last) & 63);
        uint32_t at = kept;

        if (seen & bit)
            for (at = 0; at < kept && !str_equal(members[at].key, key);)
                at++;
        seen |= bit;
        if (at < kept)
            members[at].value = members[i].value;
        else
            members[kept++] = members[i];
    }
    return kept;
}

/* The same for many members, which move into the arena with an index in front. */
static uint32_t index_members(JsonMember *members, const JsonMember *from, uint32_t count) {
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t *slot = json_keys_slot(members, from[i].key);

        if (*slot != 0) {
            members[*slot - 1].value = from[i].value;
            continue;
        }
        members[kept++] = from[i];
        *slot = kept;
    }
    return kept;
}

static int close_object(Parser *parser, Json *ret_value) {
    JsonMember *from = (JsonMember *)(void *)children_of(parser);
    size_t count = (parser->top - parser->frame - sizeof(Frame)) / sizeof *from;
    bool is_indexed = count > JSON_KEYS_WALKED;
    JsonMember *members;

    *ret_value = (Json){.type = JSON_OBJECT, .is_indexed = is_indexed};
    if (count == 0)
        return 0;
    if (!is_indexed)
        count = drop_repeated(from, (uint32_t)count);
    if (!arena_room(parser->arena,
                    is_indexed ? json_keys_bytes((uint32_t)count) : count * sizeof *from))
        return refuse_budget(parser);
    if (is_indexed) {
        members = json_keys_room(parser->arena, (uint32_t)count);
        count = index_members(members, from, (uint32_t)count);
    } else {
        members = arena_copy(parser->arena, from, count * sizeof *from);
    }
    ret_value->members = members;
    ret_value->count = (uint32_t)count;
    return 0;
}

static int close_container(Parser *parser) {
    Frame frame = *frame_of(parser);
    Json value;
    int r = frame.is_object ? close_object(parser, &value) : close_array(parser, &value);

    if (r)
        return r;
    parser->next++;
    parser->top = parser->frame;
    parser->frame = frame.outer;
    parser->depth--;
    return push_value(parser, value);
}

static int open_container(Parser *parser, bool is_object) {
    size_t at = parser->top;

    if (parser->depth >= parser->limits.depth_max)
        return refuse(parser, JSON_E_DEPTH, parser->next, "nested too deeply");
    *(Frame *)push_bytes(parser, sizeof(Frame)) =
        (Frame){.outer = parser->frame, .is_object = is_object};
    parser->frame = at;
    parser->depth++;
    parser->next++;
    skip_space(parser);
    if (peek(parser) == (is_object ? '}' : ']'))
        return close_container(parser);
    if (is_object)
        return read_key(parser);
    return 0;
}

static int read_value(Parser *parser) {
    skip_space(parser);
    if (parser->node_count >= parser->limits.nodes_max)
        return refuse(parser, JSON_E_NODES, parser->next, "too many values");
    parser->node_count++;
    switch (peek(parser)) {
    case '{':
        return open_container(parser, true);
    case '[':
        return open_container(parser, false);
    case '"':
        return read_string_value(parser);
    case 't':
        return read_word(parser, STR("true"), JSON_TRUE);
    case 'f':
        return read_word(parser, STR("false"), JSON_FALSE);
    case 'n':
        return read_word(parser, STR("null"), JSON_NULL);
    default:
        return read_number(parser);
    }
}

/* A value inside a container has been read: another one follows, or the container ends. */
static int read_on(Parser *parser) {
    bool is_object = frame_of(parser)->is_object;

    skip_space(parser);
    if (peek(parser) == ',') {
        parser->next++;
        parser->wants_value = true;
        return is_object ? read_key(parser) : 0;
    }
    if (peek(parser) == (is_object ? '}' : ']'))
        return close_container(parser);
    return refuse_here(parser, is_object ? "a comma or } is expected" : "a comma or ] is expected");
}

static int read_document(Parser *parser) {
    size_t length = (size_t)(parser->end - parser->start);
    int r;

    /* Lengths and counts of values have 32 bits. */
    if (length > parser->limits.bytes_max || length > UINT32_MAX)
        return refuse(parser, JSON_E_BYTES, parser->start, "the text is too long");
    if (length >= 3 && memcmp(parser->start, "\xEF\xBB\xBF", 3) == 0)
        return refuse_here(parser, "a byte order mark is no part of JSON");
    do {
        r = parser->wants_value ? read_value(parser) : read_on(parser);
        if (r)
            return r;
    } while (parser->wants_value || parser->depth > 0);

    skip_space(parser);
    if (parser->next < parser->end)
        return refuse_here(parser, "more text behind the document");
    return 0;
}

JsonMistake json_mistake_at(Str text, size_t offset, const char *message) {
    JsonMistake mistake = {.offset = offset, .line = 1, .column = 1, .message = message};

    for (size_t i = 0; i < offset; i++) {
        mistake.column++;
        if (text.data[i] == '\n') {
            mistake.line++;
            mistake.column = 1;
        }
    }
    return mistake;
}

int json_parse(Arena *arena, Str text, JsonLimits limits, Json *ret_value,
               JsonMistake *ret_mistake) {
    const char *start = text.data ? text.data : "";
    Parser parser = {
        .arena = arena,
        .limits = limits,
        .start = start,
        .next = start,
        .end = start + text.length,
        .wants_value = true,
    };
    int r = read_document(&parser);

    if (r == 0) {
        CHECK(parser.top == sizeof *ret_value);
        *ret_value = *(Json *)(void *)parser.scratch;
    } else if (ret_mistake) {
        *ret_mistake = json_mistake_at(text, (size_t)(parser.place - start), parser.message);
    }
    alloc_free(parser.scratch);
    return r;
}
